// No test: programs that know only BullMQ, on goflow's queue, and an eye on the calls that Redis gets.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { defineTasks, type TaskId } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { type Processor, Queue, QueueEvents, Worker } from 'bullmq';
import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { newPlace, openRedis, type Place } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';

/** The default, said all the same: it is what is tested. */
export const SHARED = { sharedCalls: true } as const;
/** The most tasks of one call. */
export const MOST = 16;

/** `count` whole numbers. */
export const range = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => from + at);

/** The queue `default` as BullMQ calls it. */
const NAME = '{default}';

const connectionTo = ({ redis, prefix }: Place) => ({
  connection: { url: redis, maxRetriesPerRequest: null },
  prefix,
});

/** A producer, which is also what bull-board's BullMQ adapter is made with. */
export async function openRawQueue(place: Place): Promise<Queue> {
  const queue = new Queue(NAME, connectionTo(place));
  onTestFinished(() => queue.close());
  await queue.waitUntilReady();
  return queue;
}

/** A worker that takes at once. */
export async function startRawWorker(place: Place, run: Processor, concurrency: number) {
  const worker = new Worker(NAME, run, { ...connectionTo(place), concurrency });
  onTestFinished(() => worker.close());
  await worker.waitUntilReady();
}

/** What BullMQ's listener tells of completed jobs: by job, one return value for each event. */
export async function hearCompleted(place: Place): Promise<Map<string, unknown[]>> {
  const heard = new Map<string, unknown[]>();
  const events = new QueueEvents(NAME, connectionTo(place));
  onTestFinished(() => events.close());
  events.on('completed', ({ jobId, returnvalue }) =>
    heard.set(jobId, [...(heard.get(jobId) ?? []), returnvalue]),
  );
  await events.waitUntilReady();
  return heard;
}

/** The scripts that Redis ran for a place: found by what they were given besides keys. */
export interface Calls {
  /** How many of these jobs each call added: the first that names them. */
  added(ids: readonly string[]): readonly number[];
  /** How many of these jobs each call ended: the last that names them. */
  ended(ids: readonly string[]): readonly number[];
  /** Sees no more calls; those that were made before are seen. */
  stop(): Promise<void>;
}

/** Looks at all calls of scripts from now on. */
export async function watchCalls(place: Place): Promise<Calls> {
  const redis = openRedis(place.redis);
  const calls: string[] = [];
  const end = `${place.prefix} the end`;
  let isOver = false;
  const watch = await watchCommands(place.redis, ([command = '', ...args]) => {
    if (args[0] === end) isOver = true;
    const isScript = /^eval(sha)?$/i.test(command);
    // Its keys left out: shared calls have the key of some other job among them.
    if (isScript && args[2]?.startsWith(place.prefix))
      calls.push(args.slice(2 + Number(args[1])).join(' '));
  });
  onTestFinished(() => void watch.destroy());
  return {
    added: (ids) => sizesOf(ids, (id) => calls.findIndex((call) => call.includes(id))),
    ended: (ids) => sizesOf(ids, (id) => calls.findLastIndex((call) => call.includes(id))),
    stop: async () => {
      await redis.echo(end);
      await until(() => isOver, { what: 'all calls to be seen' });
      watch.destroy();
    },
  };
}

/** Its own MONITOR: that of ioredis breaks when the first commands come with the answer to it. Escapes in arguments stay. */
async function watchCommands(url: string, see: (command: string[]) => void): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const lines = createInterface(socket);
  lines.on('line', (line) =>
    see([...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, argument = '']) => argument)),
  );
  const isOn = once(lines, 'line');
  socket.write('MONITOR\r\n');
  expect((await isOn)[0]).toBe('+OK');
  return socket;
}

/** How many jobs each call has, of the calls that have any. */
function sizesOf(ids: readonly string[], callOf: (id: string) => number): readonly number[] {
  const sizes = new Map<number, number>();
  for (const id of ids) {
    const call = callOf(id);
    if (call === -1) throw new Error(`no call names ${id}`);
    sizes.set(call, (sizes.get(call) ?? 0) + 1);
  }
  return [...sizes.values()];
}

const steps = defineTasks({
  step: { payload: z.string(), result: z.string(), maxAttempts: 1 },
});

/** A client, a dashboard's queue and a worker of `concurrency` slots. Tasks named `hold…` stop, tasks named `fail…` fail until mended. */
export async function openBoard(concurrency = MOST) {
  const place = newPlace();
  const queue = await openRawQueue(place);
  const goflow = openClient(steps, place, SHARED);
  const [barrier, ran] = [new Barrier(), [] as string[]];
  const state = { isMended: false };
  const options = { tasks: steps, concurrency, lease: '1h', ...SHARED } as const;
  const worker = makeWorker(
    {
      ...options,
      handlers: {
        step: async (payload, { log }) => {
          ran.push(payload);
          log.info(`this is ${payload}`);
          if (payload.startsWith('hold')) await barrier.pass();
          if (payload.startsWith('fail') && !state.isMended) throw new TypeError(`no ${payload}`);
          return `did ${payload}`;
        },
      },
    },
    place,
  );
  await worker.start();
  const push = (name: string, count: number, more: Parameters<typeof goflow.push>[2] = {}) =>
    Promise.all(range(0, count).map((n) => goflow.push('step', `${name} ${n}`, more)));
  const hold = async () => {
    const ids = await push('hold', concurrency);
    await until(() => barrier.waiting === concurrency, { what: 'all slots to be held' });
    return ids;
  };
  return { place, queue, goflow, worker, barrier, ran, state, push, hold };
}

/** What BullMQ calls a task. */
export const bullIdOf = (id: TaskId): string => id.split(':')[1] ?? '';
/** An id of a raw job that is one of goflow's, too. */
export const rawId = (n: number): string => `raw${n}`.padEnd(22, '-');

const numbers = defineTasks({
  double: {
    payload: z.object({ n: z.number(), text: z.string() }),
    result: z.object({ n: z.number(), twice: z.string() }),
  },
});
/** What is pushed as the task `n`. */
export const payloadOf = (n: number) => ({ n, text: `ä € "🎉" ${n}` });
/**
 * What a raw worker returns, too: goflow stores the JSON of a result in `returnvalue`, as BullMQ does, and nothing around it. So the
 * return value of a raw worker is the result.
 */
export const double = ({ n, text }: { n: number; text: string }) => ({ n, twice: text + text });

/** Of each worker, and how much each side pushes at once. */
export const [SLOTS, BURST] = [20, 150];

/** A handler that notes what it ran and stops in the first tasks until all slots are let go together. */
function holding() {
  const barrier = new Barrier();
  const ran: number[] = [];
  const run = async (payload: { n: number; text: string }) => {
    ran.push(payload.n);
    await barrier.pass();
    return double(payload);
  };
  return { barrier, ran, run };
}

/** Both producers push in bursts, both workers run at once, and each has tasks of the other side. */
export async function runBoth() {
  const place = newPlace();
  const [queue, heard, calls] = [
    await openRawQueue(place),
    await hearCompleted(place),
    await watchCalls(place),
  ];
  const goflow = openClient(numbers, place, SHARED);
  const pushOwn = (from: number, count: number) =>
    Promise.all(range(from, count).map((n) => goflow.push('double', payloadOf(n))));
  const addRaw = (from: number, count: number) =>
    Promise.all(
      range(from, count).map((n) => queue.add('double', payloadOf(n), { jobId: rawId(n) })),
    );
  const [own, raw] = [holding(), holding()];
  const first = await pushOwn(0, SLOTS);
  await startRawWorker(place, ({ data }) => raw.run(data), SLOTS);
  await until(() => raw.barrier.waiting === SLOTS, { what: 'the raw worker to be full' });
  await addRaw(SLOTS, SLOTS);
  const options = { tasks: numbers, handlers: { double: own.run }, concurrency: SLOTS, ...SHARED };
  await makeWorker(options, place).start();
  await until(() => own.barrier.waiting === SLOTS, { what: 'the worker to be full' });
  const pushing = Promise.all([pushOwn(2 * SLOTS, BURST), addRaw(2 * SLOTS + BURST, BURST)]);
  own.barrier.open();
  raw.barrier.open();
  const ids = [...first, ...(await pushing)[0]];
  await until(async () => (await goflow.counts()).completed === TOTAL, { what: 'all to complete' });
  await calls.stop();
  return { goflow, queue, heard, calls, ids, ran: { own: own.ran, raw: raw.ran } };
}

/** How many tasks there are. */
export const TOTAL = 2 * SLOTS + 2 * BURST;
/** The numbers of the tasks that goflow pushed, in the order of their ids. */
export const OWN = [...range(0, SLOTS), ...range(2 * SLOTS, BURST)];
/** Those of the raw jobs. */
export const RAW = [...range(SLOTS, SLOTS), ...range(2 * SLOTS + BURST, BURST)];
