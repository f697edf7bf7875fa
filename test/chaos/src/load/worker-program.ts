// One worker process of the harness: goflow's worker, with handlers that write down what they do.
import { setTimeout as pause } from 'node:timers/promises';
import { createLogger } from '@goflow/telemetry/logger';
import {
  createWorker,
  type HandlerRegistry,
  NonRetryableError,
  type TaskContext,
} from '@goflow/worker';
import { Ledger } from './ledger.js';
import { plantInWorker } from './plant.js';
import { answer, obey, readSettings, redisOf } from './process.js';
import { type Done, makeTasks, markOf, type Work } from './tasks.js';

/** Short, so that an episode is; a handler that takes longer than this has its lease renewed. */
export const LEASE_MS = 2_000;
export const GRACE_MS = 2_000;

const settings = readSettings();
const ledger = new Ledger(settings.ledger, settings.name);
const planted = plantInWorker(settings.bug);
const tasks = makeTasks(settings.keptMs);

async function run(work: Work, ctx: TaskContext): Promise<Done> {
  const { id, starts, attempt } = ctx;
  ledger.write({ e: 'start', n: work.n, id, starts, attempt });
  try {
    return await doWork(work, ctx);
  } finally {
    ledger.write({ e: 'end', n: work.n, id, starts });
  }
}

async function doWork(work: Work, ctx: TaskContext): Promise<Done> {
  const { n, kind, ms = 0, fails = 0, text } = work;
  const { id, starts } = ctx;
  if (kind === 'poison') process.kill(process.pid, 'SIGKILL');
  const signal = kind === 'deaf' ? {} : { signal: ctx.signal };
  if (ms > 0) await pause(ms, undefined, signal);
  if (kind === 'failing') throw new Error('it fails, always');
  if (kind === 'fatal') throw new NonRetryableError('it fails at once');
  if (kind === 'odd') throwSomethingOdd(n);
  if (ctx.attempt <= fails) throw new Error(`attempt ${ctx.attempt} fails`);
  const done = { n, mark: markOf(n), starts, ...(text === undefined ? {} : { text }) };
  return planted.effect(done, () => ledger.write({ e: 'effect', n, id, starts }));
}

/** What BullMQ by itself would take for a signal of its own, or choke on. */
function throwSomethingOdd(n: string): never {
  const delayed = Object.assign(new Error('not BullMQ’s'), { name: 'DelayedError' });
  const odd = [null, 'a text', undefined, new Error('bullmq:rateLimitExceeded'), delayed];
  throw odd[n.length % odd.length];
}

const worker = createWorker({
  tasks,
  handlers: { 'chaos.main': run, 'chaos.side': run } as unknown as HandlerRegistry<never>,
  redis: planted.redis(redisOf(settings.redis)),
  prefix: settings.prefix,
  concurrency: 8,
  lease: LEASE_MS,
  grace: GRACE_MS,
  name: settings.name,
  logger: createLogger({ level: 'info', fields: { worker: settings.name } }),
});

obey((order) => {
  if (order.do === 'block') block(order.ms);
  if (order.do === 'concurrency') void worker.setConcurrency(order.to);
});

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

process.on('SIGTERM', () => {
  void planted.stop(worker).then(() => {
    ledger.close();
    process.exit(0);
  });
});
await worker.start();
answer({ is: 'ready' });
