import { createLocalGoflow } from '@goflow/local';
import { createRedisResultStore, defineTasks, type Goflow } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { HandlerRegistry, NonRetryableError } from '@goflow/worker';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { tasks as programTasks } from '../fixtures/tasks.mjs';
import { runWorkerIn } from '../support/program.js';
import { newPlace, openRedis } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';
import { KeyValueStore } from './key-value-store.js';

// Only Redis: what goflow-Go does in its second way, with a broker between the application and its worker pools.
const definitions = {
  repeater: { payload: z.any(), result: z.any(), maxAttempts: 1 },
  failing: { payload: z.string(), result: z.null(), maxAttempts: 2, backoff: 0 },
  nobody: { payload: z.null(), result: z.null() },
};
const tasks = defineTasks(definitions);

const handlers = () =>
  new HandlerRegistry(tasks)
    .add('repeater', (payload) => payload)
    .add('failing', (payload) => {
      if (payload === 'for good') throw new NonRetryableError(payload, { details: { code: 7 } });
      throw new RangeError(payload);
    });

test('worker pools: tasks are run by processes of their own, with handlers that the application does not have', async () => {
  const place = newPlace();
  const goflow = openClient(programTasks, place);
  const full = runWorkerIn(place, ['--concurrency', '1', '--grace', '0s'], { BLOCKED: '1' });
  const endless = await goflow.push('deaf.to-signal', null);
  await full.line(/"msg":"running"/);
  const free = runWorkerIn(place);
  const payloads = ['a', 'b', 'c', 'd', 'e'];
  const ids = await goflow.pushMany('echo', payloads);
  expect(await goflow.waitAll(ids)).toMatchObject(payloads.map((value) => ({ value })));
  const workerOf = async (id: string) => (await goflow.inspector.get(id))?.worker;
  expect(await workerOf(endless)).toContain(`:${full.pid}:`);
  for (const id of ids) expect(await workerOf(id)).toContain(`:${free.pid}:`);
  for (const pool of [full, free]) expect(await pool.stop()).toEqual({ code: 0, signal: null });
});

test('the broker keeps tasks while no worker pool is there, and results while no application is', async () => {
  const place = newPlace();
  const before = openClient(programTasks, place);
  const id = await before.push('echo', 'kept in the broker');
  expect(await before.getResult(id)).toMatchObject({ status: 'waiting' });
  await before.close();
  const pool = runWorkerIn(place);
  const watching = openClient(programTasks, place);
  await until(async () => (await watching.counts()).completed === 1, { what: 'it to be run' });
  expect(await pool.stop()).toEqual({ code: 0, signal: null });
  await watching.close();
  const after = openClient(programTasks, place);
  expect(await after.getResult(id)).toMatchObject({ value: 'kept in the broker', attempts: 1 });
});

test('Close: the application leaves, and its tasks go on', async () => {
  const place = newPlace();
  await makeWorker({ tasks, handlers: handlers() }, place).start();
  const goflow = openClient(tasks, place);
  const id = await goflow.push('repeater', 1, { delay: '50ms' });
  await goflow.close();
  await goflow.close();
  await expect(goflow.push('repeater', 2)).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  expect(await openClient(tasks, place).wait(id)).toBe(1);
});

test('serialised payloads: the broker holds JSON, and what is none is refused before it is sent', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const id = await goflow.push('repeater', { text: 'ᛉ', list: [1, null], big: 2 ** 53 - 1 });
  const unique = id.slice(id.indexOf(':') + 1);
  const redis = openRedis(place.redis);
  const stored = await redis.hget(`${place.prefix}:{default}:${unique}`, 'data');
  expect(stored).toContain('{"text":"ᛉ","list":[1,null],"big":9007199254740991}');
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  for (const payload of [10n, Symbol('s'), () => 1, Number.NaN, cyclic, { in: new Map() }])
    await expect(goflow.push('repeater', payload)).rejects.toMatchObject({
      code: 'PAYLOAD_NOT_SERIALIZABLE',
    });
  expect(await goflow.counts()).toMatchObject({ waiting: 1 });
});

test('a task without a handler, which goflow-Go loses, goes from a pool that lacks it to one that has it', async () => {
  const place = newPlace();
  const goflow = openClient(programTasks, place);
  const lacking = new HandlerRegistry(programTasks).add('escaping', (payload) => payload);
  const worker = makeWorker({ tasks: programTasks, handlers: lacking }, place);
  const handedBack = new Promise<string>((resolve) => {
    worker.on('task:finished', ({ verdict }) => {
      if (verdict.kind === 'handed-back') resolve(verdict.reason);
    });
  });
  await worker.start();
  const id = await goflow.push('echo', 'not lost');
  expect(await handedBack).toBe('handler-missing');
  const pool = runWorkerIn(place);
  expect(await goflow.wait(id)).toBe('not lost');
  expect(await goflow.getResult(id)).toMatchObject({ attempts: 1 });
  expect(await pool.stop()).toEqual({ code: 0, signal: null });
});

test('handlers are registered while a worker pool runs', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const registry = new HandlerRegistry(tasks);
  await makeWorker({ tasks, handlers: registry }, place).start();
  registry.add('nobody', () => null);
  expect(await goflow.wait(await goflow.push('nobody', null))).toBeNull();
});

test('pluggable results store: one of the caller’s own, and one in Redis under keys of its own', async () => {
  const place = newPlace();
  const own = new KeyValueStore();
  const inRedis = createRedisResultStore({ redis: place.redis, prefix: place.prefix });
  onTestFinished(() => inRedis.close());
  for (const resultStore of [own, inRedis]) {
    const worker = makeWorker({ tasks, handlers: handlers(), resultStore }, place);
    await worker.start();
    const goflow = openClient(tasks, place, { resultStore });
    const id = await goflow.push('repeater', { kept: 'elsewhere' });
    expect(await goflow.wait(id)).toEqual({ kept: 'elsewhere' });
    expect(await resultStore.get([id])).toEqual(['{"kept":"elsewhere"}']);
    await resultStore.put(id, '"changed there"', 60_000);
    expect(await goflow.getResult(id)).toMatchObject({ value: 'changed there' });
    await worker.stop();
  }
  expect(own.kept.size).toBe(1);
});

/** One application, in either mode; what it sees, without what differs from run to run. */
async function useGoflow(goflow: Goflow<typeof definitions>): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  const look = async (id: string): Promise<void> => {
    const { status, ...rest } = await goflow.getResult(id);
    const { attempts, value, failure }: Record<string, unknown> = { ...rest };
    const { name, message, code, details } = Object(failure) as Record<string, unknown>;
    // Without what is undefined.
    seen.push(
      JSON.parse(JSON.stringify({ status, attempts, value, name, message, code, details })),
    );
  };
  const payloads = ['Hello, GoFlow!', '', 0, -1.5, null, [[]], { a: { b: 'ᛉ' } }];
  for await (const { index, result } of goflow.map('repeater', payloads, { ordered: true }))
    seen.push([index, result?.status]);
  for (const payload of payloads) {
    const id = await goflow.push('repeater', payload);
    seen.push(await goflow.wait(id));
    await look(id);
  }
  for (const payload of ['again', 'for good']) {
    const id = await goflow.push('failing', payload);
    await goflow.wait(id).catch(({ code }: { code: string }) => seen.push(code));
    await look(id);
  }
  const later = await goflow.push('repeater', 'later', { delay: '1h', tags: ['x'] });
  await look(later);
  seen.push((await goflow.inspector.list({ tag: 'x' })).tasks.map(({ id }) => id === later));
  seen.push(await goflow.cancel(later), await goflow.cancel(later));
  await look(later);
  await look('nobody pushed this');
  const refused = [goflow.push('repeater', 1n), goflow.push('failing', 5 as never)];
  for (const push of refused) await push.catch(({ code }: { code: string }) => seen.push(code));
  seen.push(await goflow.counts());
  return seen;
}

test('the same API in both modes: one application sees the same in local mode and on Redis', async () => {
  const place = newPlace();
  await makeWorker({ tasks, handlers: handlers() }, place).start();
  const distributed = await useGoflow(openClient(tasks, place));
  await using local = createLocalGoflow({ tasks, handlers: handlers() });
  expect(await useGoflow(local)).toStrictEqual(distributed);
  expect(distributed).toEqual(
    expect.arrayContaining([
      { status: 'completed', attempts: 1, value: 'Hello, GoFlow!' },
      {
        status: 'failed',
        attempts: 2,
        name: 'RangeError',
        message: 'again',
        code: 'HANDLER_FAILED',
      },
      { status: 'delayed', attempts: 0 },
      { found: 'delayed', effect: 'cancelled' },
      { found: 'cancelled', effect: 'none' },
      { status: 'unknown' },
      'PAYLOAD_NOT_SERIALIZABLE',
      'PAYLOAD_INVALID',
    ]),
  );
  expect(distributed).toHaveLength(34);
});
