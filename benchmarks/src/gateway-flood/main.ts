// `npm run figure -- gateway-flood [--seconds 30] [--rate 1000]`: the gateway's program under pushes over HTTP, first at a rate, then as many as
// come through: its memory, its event loop, its answers, and whether every task that it answered for is in Redis exactly once.
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { RedisServer, startProgram } from '@goflow/testing';
import { TOKEN } from '../processes/http-server/http-order.js';
import { quantile } from '../quantile.js';
import { toTable } from '../report/table.js';
import { findTasks } from './find-tasks.js';
import { type Flooded, flood } from './flood.js';

const PROGRAM = fileURLToPath(new URL('main.js', import.meta.resolve('@goflow/gateway')));
const WATCHED = new URL('watched.js', import.meta.url);
const TASKS = fileURLToPath(new URL('../tasks.js', import.meta.url));
const CONNECTIONS = 50;
const MIB = 1024 * 1024;

/** What the program told of itself in a while. */
interface Sample {
  readonly rss: number;
  readonly latestMs: number;
  /** Since its start. */
  readonly cpuUs: number;
}

function startGateway(redis: string) {
  const flags = ['--tasks', TASKS, '--redis', redis, '--port', '0', '--rate-limit', '1000000'];
  const env = { NODE_OPTIONS: `--import=${WATCHED.href}`, GOFLOW_PUSH_TOKEN: TOKEN };
  return startProgram(PROGRAM, flags, { env });
}

/** All that it told until now; it tells every 250 ms. */
const samplesIn = (stdout: string): readonly Sample[] =>
  [...stdout.matchAll(/^watched (\d+) ([\d.]+) (\d+)$/gm)].map(([, rss, latestMs, cpuUs]) => ({
    rss: Number(rss),
    latestMs: Number(latestMs),
    cpuUs: Number(cpuUs),
  }));

function rowOf(name: string, flooded: Flooded, samples: readonly Sample[]): readonly string[] {
  const seconds = (flooded.endedAt - flooded.startedAt) / 1_000;
  const answered = [...flooded.statuses.values()].reduce((sum, count) => sum + count, 0);
  const statuses = [...flooded.statuses].map(([status, count]) => `${status}: ${count}`);
  const rss = samples.map((sample) => sample.rss / MIB);
  const late = samples.map((sample) => sample.latestMs);
  const cpuUs = (samples.at(-1)?.cpuUs ?? 0) - (samples[0]?.cpuUs ?? 0);
  return [
    name,
    (answered / seconds).toFixed(0),
    statuses.join(', '),
    `${flooded.errors}`,
    `${flooded.p50} / ${flooded.p99}`,
    [rss[0] ?? 0, Math.max(...rss), rss.at(-1) ?? 0].map((mib) => mib.toFixed(0)).join(' / '),
    [0.5, 0.99, 1].map((share) => quantile(late, share).toFixed(0)).join(' / '),
    (cpuUs / answered).toFixed(0),
    loadavg()[0]?.toFixed(1) ?? '',
  ];
}

const HEAD = [
  'pushes over HTTP',
  'answers/s',
  'by status',
  'errors',
  'ms, p50 / p99',
  'MiB, first / most / last',
  'event loop late, ms, p50 / p99 / most of 250 ms',
  'CPU of an answer, µs',
  'load',
];

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    rate: { type: 'string', default: '1000' },
  },
});
const seconds = Number(values.seconds);
await using server = await RedisServer.start();
await using gateway = startGateway(server.url);
const [, url = ''] = await gateway.line(/"url":"(http:[^"]+)"/);
const rows: (readonly string[])[] = [];
const pushed = new Map<string, number>();
let from = 0;
for (const rate of [Number(values.rate), undefined]) {
  const before = samplesIn(gateway.stdout).length;
  const options = { url, token: TOKEN, seconds, connections: CONNECTIONS, rate, from };
  const flooded = await flood(options);
  from += flooded.sent;
  for (const [id, n] of flooded.pushed) pushed.set(id, n);
  const name = rate === undefined ? 'as many as come through' : `${rate} a second`;
  rows.push(rowOf(`${name}, ${seconds} s`, flooded, samplesIn(gateway.stdout).slice(before)));
}
process.stdout.write(`${toTable([HEAD, ...rows])}\n`);
const { entries, once, wrong, unanswered } = await findTasks(server.url, pushed);
process.stdout.write(
  `${CONNECTIONS} connections. Answered 201: ${pushed.size}. In Redis: ${entries}; of the answered ones exactly once: ${once}, otherwise: ${wrong}; ` +
    `without an answer, cut off by the end: ${unanswered}\n`,
);
if (wrong > 0 || unanswered > 2 * CONNECTIONS || entries !== once + unanswered)
  process.exitCode = 1;
