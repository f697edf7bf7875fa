import { FaultProxy, RedisServer, until } from '@goflow/testing';
import { createWorker } from '@goflow/worker';
import { Queue } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { tasks } from '../fixtures/tasks.mjs';
import { ask, expectProblem } from '../support/http.js';
import { runWorkerIn, urlOf } from '../support/program.js';
import { newPlace, openRedis, type Place } from '../support/redis.js';
import { LineLog } from '../support/steady-load.js';
import { makeWorker, openClient } from '../support/system.js';

const by = 'ada@web-1';
const SOON = { everyMs: 5 };
const handlers = Object.fromEntries(
  [...tasks.contracts.keys()].map((type) => [type, (payload: unknown) => payload]),
) as never;

interface Shown {
  readonly concurrency: number;
  readonly details: Readonly<Record<string, object>>;
}

const shownBy = async (url: string): Promise<Shown> =>
  (await ask(`${url}/concurrency`)).json as Shown;

const allHave = (urls: readonly string[], concurrency: number) =>
  until(
    async () =>
      (await Promise.all(urls.map(shownBy))).every((one) => one.concurrency === concurrency),
    { what: `all to have ${concurrency}`, ...SOON },
  );

/** Where a proxy stands before Redis: for the worker only. */
async function behindProxy(place: Place): Promise<{ proxy: FaultProxy; worker: Place }> {
  const { port } = new URL(place.redis);
  const proxy = await FaultProxy.start({ targetPort: Number(port) });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return { proxy, worker: { ...place, redis: proxy.url(place.redis) } };
}

test('three worker programs have a new concurrency within a second; one that starts later has it from its start', async () => {
  const place = newPlace();
  const { fleet, inspector } = openClient(tasks, place);
  const programs = Array.from({ length: 3 }, () => runWorkerIn(place));
  const urls = await Promise.all(programs.map(urlOf));
  await allHave(urls, 10);
  const took: number[] = [];
  for (const concurrency of [20, 0, 3, 4, 5]) {
    const saidAt = performance.now();
    await fleet.setConcurrency(concurrency, { queue: 'default', by });
    await allHave(urls, concurrency);
    took.push(Math.round(performance.now() - saidAt));
  }
  console.info(`three programs had it after ${took.join(', ')} ms`);
  expect(Math.max(...took)).toBeLessThan(1_000);
  const later = runWorkerIn(place, ['--concurrency', '7']);
  expect(await shownBy(await urlOf(later))).toMatchObject({
    concurrency: 5,
    details: { default: { configured: 7, desired: 5, override: null, actual: 5 } },
  });
  // What others see of them is told at once, too.
  await until(
    async () => {
      const workers = await inspector.workers();
      return workers.length === 4 && workers.every(({ queues }) => queues.default?.desired === 5);
    },
    { what: 'all to be seen with it' },
  );
});

test('programs with labels and bounds; PATCH is an override until DELETE; who did it is in the audit trail', async () => {
  const place = newPlace();
  const { fleet } = openClient(tasks, place);
  const token = 'a control token of tests';
  const eu = runWorkerIn(place, ['--label', 'region=eu', '--label', 'tier=a'], {
    GOFLOW_TOKEN: token,
  });
  const us = runWorkerIn(place, ['--max-concurrency', '8'], { GOFLOW_LABELS: 'region=us' });
  const headers = { authorization: `Bearer ${token}` };
  const url = `${await urlOf(eu)}/concurrency`;
  await fleet.setConcurrency(20, { labels: { region: 'eu' }, by });
  await fleet.setConcurrency(30, { labels: { region: 'us' }, by });
  await until(async () => (await shownBy(await urlOf(us))).concurrency === 8, {
    what: 'the bound to be kept',
    ...SOON,
  });
  const show = async () => (await ask(url, { headers })).json as Shown;
  await until(async () => (await show()).concurrency === 20, { what: 'the rule', ...SOON });
  const overridden = await ask(url, { headers, body: { concurrency: 2 } });
  expect(overridden.json).toEqual({
    concurrency: 2,
    queues: { default: 2 },
    active: { default: 0 },
    details: { default: { configured: 10, desired: 20, override: 2, actual: 2 } },
    labels: { region: 'eu', tier: 'a' },
    bounds: { min: 0, max: 10_000 },
  });
  await fleet.setConcurrency(25, { labels: { region: 'eu' }, by });
  await until(async () => JSON.stringify(await show()).includes('"desired":25'), {
    what: 'the rule to be shown beside the override',
    ...SOON,
  });
  expect((await show()).concurrency).toBe(2);
  expectProblem(await ask(url, { method: 'DELETE' }), 401, 'UNAUTHORIZED');
  for (const query of ['?queue=nope', '?queue=default&queue=default', '?all=1', '?queue=']) {
    const refused = await ask(`${url}${query}`, { headers, method: 'DELETE' });
    expectProblem(refused, 400, 'REQUEST_INVALID');
  }
  const reset = await ask(`${url}?queue=default`, { headers, method: 'DELETE' });
  expect(reset).toMatchObject({ status: 200, json: { concurrency: 25 } });
  await until(async () => (await fleet.audit()).length === 5, { what: 'five lines' });
  const [last] = await fleet.audit();
  expect(last).toMatchObject({ action: 'worker.reset', queue: 'default', from: 2, to: 25 });
  expect(last?.by).toMatch(/^worker .+:\d+.* \(control token, 127\.0\.0\.1\)$/);
  expect(last?.by).toContain(last?.worker);
  const { text } = await ask(`${url.replace('concurrency', 'metrics')}`, { headers });
  expect(text).toContain('goflow_worker_desired_concurrency{queue="default"} 25');
});

test('a rule of 0 is known before the first task: none is taken, however many wait', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const ids = await goflow.pushMany(
    'echo',
    Array.from({ length: 50 }, (_, n) => `${n}`),
  );
  await goflow.fleet.setConcurrency(0, { by });
  const started: string[] = [];
  const worker = makeWorker({ tasks, handlers, concurrency: 10 }, place);
  worker.on('task:started', ({ task }) => started.push(task.id));
  await worker.start();
  expect(worker.concurrency).toEqual({ default: 0 });
  expect(await worker.readiness()).toEqual({ ready: true });
  await goflow.fleet.setConcurrency(5, { queue: 'default', by });
  const results = await goflow.waitAll(ids);
  expect(results.filter(({ status }) => status !== 'completed')).toEqual([]);
  expect(results).toEqual(ids.map(() => expect.objectContaining({ attempts: 1 })));
  expect(started).toHaveLength(50);
});

test('a worker that is started with 0 takes tasks when a rule that is there says so', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  await goflow.fleet.setConcurrency(5, { by });
  const troubles: unknown[] = [];
  const worker = makeWorker({ tasks, handlers, concurrency: 0 }, place);
  worker.on('broker:trouble', (trouble) => troubles.push(trouble));
  await worker.start();
  expect(await goflow.wait(await goflow.push('echo', 'a'))).toBe('a');
  expect(troubles).toEqual([]);
});

test('a rule that is said while a worker is cut off from Redis arrives when it is back', async () => {
  const place = newPlace();
  const { fleet } = openClient(tasks, place);
  const { proxy, worker: far } = await behindProxy(place);
  const worker = makeWorker({ tasks, handlers, concurrency: 10 }, far);
  await worker.start();
  await fleet.setConcurrency(9, { by });
  await until(() => worker.concurrency.default === 9, { what: 'the first rule', ...SOON });
  proxy.refuse();
  proxy.cutAll();
  await until(async () => !(await worker.readiness()).ready, { what: 'it to be cut off' });
  await fleet.setConcurrency(4, { by });
  expect(worker.concurrency.default).toBe(9);
  proxy.heal();
  await until(() => worker.concurrency.default === 4, { what: 'the rule' });
});

test('a message that is lost costs seconds: every sign of life tells whether the rules have changed', async () => {
  const place = newPlace();
  const { fleet } = openClient(tasks, place);
  const worker = makeWorker({ tasks, handlers, concurrency: 10 }, place);
  await worker.start();
  const redis = openRedis(place.redis);
  await fleet.setConcurrency(9, { by });
  await until(() => worker.concurrency.default === 9, { what: 'the rule', ...SOON });
  // As the change would be without its message.
  const key = `${place.prefix}:{fleet}:rules`;
  const [[scope = '', rule = ''] = []] = Object.entries(await redis.hgetall(key));
  await redis.hset(key, scope, rule.replace('"concurrency":9', '"concurrency":6'));
  await redis.incr(`${place.prefix}:{fleet}:version`);
  await until(() => worker.concurrency.default === 6, { what: 'the rule' });
});

test('garbage among the rules is passed over, and told once', async () => {
  const place = newPlace();
  const redis = openRedis(place.redis);
  const log = new LineLog();
  const { fleet } = openClient(tasks, place, { logger: log.logger });
  await fleet.setConcurrency(6, { by });
  const garbage = [
    '',
    '{',
    'null',
    '[]',
    '{"concurrency":-1,"by":"x","at":1}',
    '{"concurrency":2}',
  ];
  await redis.hset(
    `${place.prefix}:{fleet}:rules`,
    ...garbage.flatMap((text, n) => [`garbage ${n}`, text]),
    // A rule, but in the place of another.
    'images',
    '{"concurrency":3,"by":"x","at":1}',
  );
  await redis.lpush(`${place.prefix}:{fleet}:audit`, 'garbage', '{"at":1,"by":"x","action":"x"}');
  const worker = makeWorker({ tasks, handlers, logger: log.logger }, place);
  await worker.start();
  expect(worker.concurrency).toEqual({ default: 6 });
  for (const concurrency of [7, 8]) {
    await fleet.setConcurrency(concurrency, { by });
    await until(() => worker.concurrency.default === concurrency, { what: 'the rule', ...SOON });
    expect(await fleet.rules()).toMatchObject([{ concurrency }]);
  }
  expect(await fleet.audit()).toHaveLength(3);
  const told = log.lines.filter(({ text }) => text.includes('is none: garbage 0'));
  // Once by the client, and once by the worker.
  expect(told).toHaveLength(2);
});

test('Redis away at the start: the worker waits, and knows the rules before its first task', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const place = { redis: server.url, prefix: 'goflow' };
  const goflow = openClient(tasks, place);
  await goflow.pushMany('echo', ['a', 'b', 'c']);
  await goflow.fleet.setConcurrency(0, { by });
  const { proxy, worker: far } = await behindProxy(place);
  proxy.refuse();
  const worker = createWorker({ tasks, handlers, ...far });
  onTestFinished(() => worker.stop({ grace: 0 }));
  const started: string[] = [];
  worker.on('task:started', ({ task }) => started.push(task.id));
  const starting = worker.start();
  // Longer than the rules are waited for while it is connected.
  const since = performance.now();
  await until(() => performance.now() - since > 2_500, { what: 'a while', everyMs: 100 });
  expect(worker.state).toBe('starting');
  proxy.heal();
  await starting;
  await until(() => worker.concurrency.default === 0, { what: 'the rule', ...SOON });
  expect(await goflow.counts()).toMatchObject({ waiting: 3 });
  expect(started).toEqual([]);
});

test('a change whose answer is lost is sent again, and is one change', async () => {
  const place = newPlace();
  const { proxy, worker: far } = await behindProxy(place);
  const { fleet } = openClient(tasks, far);
  const isScript = ([command = '', , , first = '']: readonly string[]): boolean =>
    /^evalsha$/i.test(command) && first.endsWith(':rules');
  await fleet.setConcurrency(1, { by });
  proxy.dropReplyAfter(isScript);
  expect(await fleet.setConcurrency(2, { by })).toEqual({ changed: true, before: 1 });
  proxy.dropReplyAfter(isScript);
  expect(await fleet.resetConcurrency({ by })).toEqual({ changed: true, before: 2 });
  expect((await fleet.audit()).map(({ action, from, to }) => [action, from, to])).toEqual([
    ['concurrency.reset', 2, undefined],
    ['concurrency.set', 1, 2],
    ['concurrency.set', undefined, 1],
  ]);
});

test('a pause is BullMQ’s own, and whoever resumed with its tools resumed it', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  await goflow.push('echo', 'a');
  const { port } = new URL(place.redis);
  const connection = { host: '127.0.0.1', port: Number(port) };
  const queue = new Queue('{default}', { connection, prefix: place.prefix });
  onTestFinished(() => queue.close());
  await goflow.fleet.pause('default', { by });
  expect(await queue.isPaused()).toBe(true);
  await queue.resume();
  expect(await goflow.fleet.queues()).toMatchObject([{ queue: 'default', isPaused: false }]);
  await queue.pause();
  expect(await goflow.fleet.pause('default', { by })).toEqual({ changed: false });
  expect(await goflow.fleet.resume('default', { by })).toEqual({ changed: true });
  expect(await queue.isPaused()).toBe(false);
});
