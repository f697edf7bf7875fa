import { PrometheusServer, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { dashboards } from '../../../scripts/dashboards.mjs';
import { ask } from '../support/http.js';
import { exportersOf } from '../support/metrics.js';
import { openRedis } from '../support/redis.js';
import { type Board, exprsOf } from './boards.js';
import { type LoadedFleet, type Scraped, startLoadedFleet } from './load/loaded-fleet.js';
import { readRules, ruleFiles } from './rule-files.js';

/** Times of the rules are so many times shorter here: windows, and what a task may wait. */
const FASTER = 30;
/** Every `for`: more than two scrapes. */
const FOR = '5s';

/** The rules as they are shipped, but faster. */
function fasterRules(): Readonly<Record<string, string>> {
  const faster = (text: string): string =>
    text
      .replaceAll(/\[(\d+)m\]/g, (_, minutes) => `[${(Number(minutes) * 60) / FASTER}s]`)
      .replaceAll(/^ {8}for: .*$/gm, `        for: ${FOR}`)
      .replace('oldest_waiting_seconds:max > 300', `oldest_waiting_seconds:max > ${300 / FASTER}`);
  return Object.fromEntries(
    Object.entries(ruleFiles()).map(([file, text]) => [file, faster(text)]),
  );
}

/** As Grafana asks, when everything is chosen. */
const asAsked = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '10s').replaceAll(/\$(?:queue|type|instance)/g, '.*');

/** Alerts that have fired until now, with what they are about: `GoflowNoConsumer thumbs`. */
async function firedIn(prometheus: PrometheusServer): Promise<readonly string[]> {
  const fired = await prometheus.query('max_over_time(ALERTS{alertstate="firing"}[10m])');
  const told = fired.map(({ labels: { alertname, queue, type } }) =>
    [alertname, type ?? queue].filter(Boolean).join(' '),
  );
  return [...new Set(told)];
}

/** Makes a fault, and waits until it has made these alerts fire, of which none did before. */
async function expectToFire(
  prometheus: PrometheusServer,
  alerts: readonly string[],
  fault: () => Promise<unknown>,
): Promise<void> {
  const before = await firedIn(prometheus);
  expect(before.filter((alert) => alerts.includes(alert))).toEqual([]);
  await fault();
  let missing = alerts;
  const look = async () => {
    const fired = await firedIn(prometheus);
    missing = alerts.filter((alert) => !fired.includes(alert));
    return missing.length === 0;
  };
  await until(look, { what: 'alerts to fire', everyMs: 250 }).catch((error) => {
    throw new Error(`did not fire: ${missing.join(', ')}`, { cause: error });
  });
}

/** Waits until each expression has given a number. */
async function expectData(prometheus: PrometheusServer, exprs: readonly string[]): Promise<void> {
  let missing = exprs;
  const look = async () => {
    const answers = await Promise.all(missing.map((expr) => prometheus.query(expr)));
    missing = missing.filter((_, at) => !answers[at]?.some(({ value }) => !Number.isNaN(value)));
    return missing.length === 0;
  };
  await until(look, { what: 'data', everyMs: 500 }).catch((error) => {
    throw new Error(`no data: ${missing.join('\n')}`, { cause: error });
  });
}

/** The first scrapes elect who tells of all queues. */
async function expectElected(processes: readonly Scraped[]): Promise<void> {
  const look = async () => {
    const texts = processes.map(async ({ url }) => (await ask(`${url}/metrics`)).text);
    return exportersOf(await Promise.all(texts)).length === 1;
  };
  await until(look, { what: 'one to be elected', everyMs: 250 });
}

/** A worker that does not tell of all queues: without that one other alerts would be blind for a while. */
async function pickVictim(prometheus: PrometheusServer, workers: readonly Scraped[]) {
  const elected = await prometheus.query('goflow_exporter_elected == 1');
  return workers.find(({ instance }) =>
    elected.every(({ labels }) => labels.instance !== instance),
  );
}

/** One freezes with 8 tasks, which the others take over, and comes back. */
async function freezeOne(prometheus: PrometheusServer, { workers, goflow }: LoadedFleet) {
  const victim = await pickVictim(prometheus, workers);
  if (!victim) throw new Error('every worker is elected');
  await goflow.pushMany(
    'file.copy',
    Array.from({ length: 24 }, () => 6_000),
  );
  const active = `sum(goflow_tasks_active{type="file.copy",instance="${victim.instance}"}) > 6`;
  const has = async (expr: string) => (await prometheus.query(expr)).length > 0;
  await until(() => has(active), { what: 'it to have tasks', everyMs: 250 });
  victim.program.signal('SIGSTOP');
  const takenOver = 'sum(goflow_tasks_taken_over_total) > 6';
  await until(() => has(takenOver), { what: 'others to take them over', everyMs: 250 });
  victim.program.signal('SIGCONT');
}

async function breakQueues({ goflow, load }: LoadedFleet): Promise<void> {
  load.card = 'stolen';
  await goflow.fleet.setConcurrency(0, { queue: 'thumbs' });
  await goflow.fleet.pause('prints');
  await goflow.pushMany('report.build', [600_000, 600_000, 600_000]);
}

test('panels and rules show a real fleet under load, and each alert fires on its fault, not before', async () => {
  const fleet = await startLoadedFleet();
  const { server, workers, gateway, goflow, load } = fleet;
  await goflow.fleet.setConcurrency(12, { queue: 'default' });
  const redis = openRedis(server.url);
  await redis.setrange('ballast', 64 * 2 ** 20, 'x');
  await expectElected([...workers, gateway]);
  const prometheus = await PrometheusServer.start({
    jobs: {
      'goflow-worker': workers.map(({ instance }) => instance),
      'goflow-gateway': [gateway.instance],
    },
  });
  onTestFinished(() => prometheus.stop());
  await expectData(prometheus, [`sum(up) == ${workers.length + 1}`]);
  await prometheus.load(fasterRules());
  const { recorded, alerts } = readRules();
  const panels = Object.values(dashboards()).flatMap((text) => exprsOf(JSON.parse(text) as Board));
  await expectData(prometheus, [...panels.map(asAsked), ...recorded.map(({ name }) => name)]);
  expect(await firedIn(prometheus)).toEqual([]);

  const limitMemory = async (share: number): Promise<void> => {
    const [, used] = /used_memory:(\d+)/.exec(await redis.info('memory')) ?? [];
    await redis.config('SET', 'maxmemory', `${Math.round(Number(used) / share)}`);
  };
  const fires = (names: readonly string[], fault: () => Promise<unknown>) =>
    expectToFire(prometheus, names, fault);
  await fires(OF_TASKS, () =>
    Promise.all([breakQueues(fleet), freezeOne(prometheus, fleet), limitMemory(0.88)]),
  );
  await fires(['GoflowRedisMemoryFull', 'GoflowRedisEvicts'], async () => {
    await load.stop();
    await redis.config('SET', 'maxmemory-policy', 'volatile-lru');
    await limitMemory(0.98);
  });
  await fires(['GoflowDataLost'], () => redis.flushall());
  await fires(['GoflowBrokerDown'], () => server.kill9());
  await fires(['GoflowNoExporter'], async () => {
    for (const { program } of [...workers, gateway]) program.signal('SIGKILL');
  });
  const fired = new Set((await firedIn(prometheus)).map((alert) => alert.split(' ')[0]));
  expect(fired).toEqual(new Set(alerts.map(({ name }) => name)));
  expect((await prometheus.rules()).filter(({ health }) => health !== 'ok')).toEqual([]);
}, 180_000);

const OF_TASKS = [
  'GoflowOldestTaskTooOld reports',
  'GoflowNoConsumer thumbs',
  'GoflowNoProgress reports',
  'GoflowQueuePaused prints',
  'GoflowFailureRatioHigh card.charge',
  'GoflowDeadLettersGrowing cards',
  'GoflowLeasesLost files',
  'GoflowTasksTakenOver files',
  'GoflowRedisMemoryHigh',
];
