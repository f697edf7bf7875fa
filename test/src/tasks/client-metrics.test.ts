import { createRequire } from 'node:module';
import { defineTasks, type Goflow, type GoflowOptions } from '@goflow/sdk';
import { createClientMetrics, type MetricRegistry } from '@goflow/sdk/metrics';
import { freePort, until } from '@goflow/testing';
import type { TaskContext } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ask } from '../support/http.js';
import { valueIn } from '../support/metrics.js';
import { newPlace, type Place } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';

/** Prometheus' own client, as a user brings it. */
interface PromClient {
  readonly Registry: new () => MetricRegistry & { metrics(): Promise<string> };
}
const load = createRequire(import.meta.resolve('@goflow/telemetry'));
const { Registry } = load('prom-client') as PromClient;

const STEP = z.number();
const tasks = defineTasks({
  step: { payload: STEP, result: STEP },
  'image.resize': { payload: z.string(), result: z.null(), queue: 'images' },
});

interface OpenOptions
  extends Partial<GoflowOptions<{ step: { payload: typeof STEP; result: typeof STEP } }>> {
  readonly place?: Place;
  readonly maxTypes?: number;
  readonly maxQueues?: number;
}

function open({ place = newPlace(), maxTypes, maxQueues, ...options }: OpenOptions = {}) {
  const register = new Registry();
  const goflow = openClient(tasks, place, options as object);
  createClientMetrics(goflow, { register, maxTypes, maxQueues });
  const read = async (series: string) => valueIn(await register.metrics(), series);
  const of = (outcome: string, kind = 'queue="default",type="step"') =>
    read(`goflow_tasks_pushed_total{${kind},outcome="${outcome}"}`);
  return { goflow, register, read, of, place };
}

const CALLS = 'goflow_push_seconds_count{queue="default",type="step"}';
const refused = (pushing: Promise<unknown>, code: string) =>
  expect(pushing).rejects.toMatchObject({ code });

test('what is pushed is counted, however it is: alone, once, many, in chunks, by a map', async () => {
  const { goflow, of, read } = open();
  await goflow.push('step', 1);
  await goflow.pushOnce('step', 2, { id: 'mine' });
  await goflow.pushOnce('step', 2, { id: 'mine' });
  await goflow.pushMany('step', [1, 2, 3]);
  const many = Array.from({ length: 250 }, (_, n) => n);
  await goflow.pushMany('step', many, { chunk: 100 });
  await goflow.push('image.resize', 'a');
  expect(await of('accepted')).toBe(1 + 1 + 3 + 250);
  expect(await of('deduplicated')).toBe(1);
  expect(await of('accepted', 'queue="images",type="image.resize"')).toBe(1);
  expect(await read(CALLS)).toBe(5);
  const left = new AbortController();
  const mapped = goflow.map('step', [1, 2], { inFlight: 2, signal: left.signal });
  const next = mapped.next().catch(() => undefined);
  await until(async () => (await read(CALLS)) === 7, { what: 'two items to be pushed' });
  expect(await of('accepted')).toBe(257);
  left.abort();
  await next;
});

test('a client that is given twice is counted once', async () => {
  const { goflow, register, of, read } = open();
  createClientMetrics(goflow, { register });
  await goflow.push('step', 1);
  expect([await of('accepted'), await read(CALLS)]).toEqual([1, 1]);
});

test('a task is counted as cancelled once: by the client while it waits, by its worker when it runs', async () => {
  const { goflow, place, read } = open();
  const cancelled = (kind: string) => read(`goflow_tasks_cancelled_total{${kind}}`);
  const waiting = await goflow.push('step', 1);
  const delayed = await goflow.push('step', 1, { delay: '1h' });
  const [inChunk = waiting] = await goflow.pushMany('step', [1, 2], { chunk: 2 });
  for (const id of [waiting, delayed, inChunk, waiting, 'default:nobody']) await goflow.cancel(id);
  expect(await cancelled('queue="default",type="step"')).toBe(3);
  // A type that no contract of this client has may be anything.
  const others = openClient(defineTasks({ odd: { payload: z.any(), result: z.any() } }), place);
  await goflow.cancel(await others.push('odd', 1));
  expect(await cancelled('queue="other",type="other"')).toBe(1);
  const aborted = ({ signal }: Pick<TaskContext, 'signal'>) =>
    new Promise<number>((resolve) => signal.addEventListener('abort', () => resolve(0)));
  const handlers = {
    step: (_: unknown, ctx: Pick<TaskContext, 'signal'>) => aborted(ctx),
    'image.resize': () => null,
  };
  const late = await goflow.push('step', 1, { startBy: 1 });
  const worker = makeWorker({ tasks, handlers, http: { port: 0 } }, place);
  await worker.start();
  const running = await goflow.push('step', 1);
  await until(async () => (await goflow.status(running)).status === 'active', { what: 'it runs' });
  expect(await goflow.cancel(running)).toMatchObject({ effect: 'requested' });
  await goflow.waitAll([running, late]);
  const { text } = await ask(`${worker.httpUrl}/metrics`);
  const finished = (outcome: string) =>
    valueIn(text, `goflow_tasks_finished_total{queue="default",type="step",outcome="${outcome}"}`);
  // What is too late when it is taken, its worker counts.
  expect([finished('cancelled'), finished('expired')]).toEqual([1, 1]);
  expect(await cancelled('queue="default",type="step"')).toBe(3);
});

test('what is refused is counted by why, each task of many', async () => {
  const { goflow, of, read } = open({ maxDepth: { default: 2 } });
  await refused(goflow.push('step', 'x' as never), 'PAYLOAD_INVALID');
  await refused(goflow.pushMany('step', [1, 'x' as never, 3]), 'PAYLOAD_INVALID');
  await refused(goflow.push('step', 1, { delay: -1 }), 'OPTION_INVALID');
  expect(await of('invalid')).toBe(1 + 3 + 1);
  await goflow.pushMany('step', [1, 2]);
  await refused(goflow.push('step', 3), 'QUEUE_FULL');
  expect(await of('full')).toBe(1);
  await refused(goflow.push('no.such' as never, 1 as never), 'TASK_TYPE_UNKNOWN');
  expect(await of('invalid', 'queue="other",type="other"')).toBe(1);
  expect(await of('accepted')).toBe(2);
  expect(await read(CALLS)).toBe(5);
});

test('Redis is away: pushes are counted as unavailable, and how long they took', async () => {
  const redis = `redis://127.0.0.1:${await freePort()}`;
  const { goflow, of, read } = open({ place: { redis, prefix: 'x' }, timeout: '100ms' });
  await refused(goflow.push('step', 1), 'BROKER_UNAVAILABLE');
  await refused(goflow.pushMany('step', [1, 2]), 'PUSH_INCOMPLETE');
  expect(await of('unavailable')).toBe(3);
  expect(await of('accepted')).toBeUndefined();
  expect(await read('goflow_push_seconds_bucket{le="0.05",queue="default",type="step"}')).toBe(0);
});

test('several clients share one registry; a type beyond the most is other', async () => {
  const { goflow, register, place, of } = open({ maxTypes: 1 });
  const another: Goflow<never> = openClient(tasks, place) as never;
  createClientMetrics(another, { register });
  await goflow.push('step', 1);
  await (another as unknown as typeof goflow).push('step', 1);
  await goflow.push('image.resize', 'a');
  expect(await of('accepted')).toBe(2);
  expect(await of('accepted', 'queue="images",type="other"')).toBe(1);
});

test('a queue beyond the most is other', async () => {
  const { goflow, read, of } = open({ maxQueues: 1 });
  await goflow.push('step', 1);
  await goflow.push('image.resize', 'a');
  expect(await of('accepted')).toBe(1);
  expect(await of('accepted', 'queue="other",type="image.resize"')).toBe(1);
  expect(await read('goflow_push_seconds_count{queue="other",type="image.resize"}')).toBe(1);
});

test('wrong options are refused', () => {
  const goflow = openClient(tasks, newPlace());
  const call = (options: object) => () => createClientMetrics(goflow, options as never);
  expect(call({})).toThrow(/`register` to be a Registry of prom-client's/);
  expect(call({ register: new Registry(), maxTypes: -1 })).toThrow(/`maxTypes` to be/);
  expect(call({ register: new Registry(), maxQueues: 10_001 })).toThrow(/`maxQueues` to be/);
  expect(call({ register: new Registry(), max: 1 })).toThrow(/max/);
});
