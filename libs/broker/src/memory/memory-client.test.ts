import { newTaskId, taskIdOfKey } from '@goflow/shared';
import { expect, test } from 'vitest';
import { DONE, envelopeOf, FAILED, FAILURE, openRig } from './rig.test-d.js';

test('a task that is pushed waits, and can be read and counted', async () => {
  const { client, clock, push } = openRig();
  const id = await push();
  expect(await client.read([id])).toEqual([
    { id, type: 't', state: 'waiting', attempts: 0, pushedAt: clock.now() },
  ]);
  expect(await client.counts('q')).toEqual({
    waiting: 1,
    delayed: 0,
    active: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    expired: 0,
  });
});

test('ids without a task, and ids that are none, are undefined in their places', async () => {
  const { client, push } = openRig();
  const id = await push();
  const read = await client.read([newTaskId('q'), id, 'nonsense', '__proto__']);
  expect(read.map((record) => record?.id)).toEqual([undefined, id, undefined, undefined]);
  expect(await client.detail(newTaskId('q'))).toBeUndefined();
  expect((await client.counts('nobody')).waiting).toBe(0);
});

test('all that a push said can be read again', async () => {
  const { client, clock, push } = openRig();
  const backoff = { type: 'fixed', delayMs: 5, jitter: 0, maxDelayMs: 5 } as const;
  const retention = { completedMs: 1_000, failedMs: 2_000 };
  const now = clock.now();
  const said = {
    maxAttempts: 4,
    timeoutMs: 50,
    startBy: now + 9,
    deadline: now + 99,
    tags: ['eu'],
    traceparent: '00-1-2-01',
    priority: 3,
    backoff,
    retention,
  };
  const deduplication = { key: 'k', mode: 'unique', windowMs: 0 } as const;
  const id = await push({ ...said, deduplication, delayMs: 70, payloadJson: '{"a":[1]}' });
  expect(await client.detail(id)).toEqual({
    ...said,
    id,
    queue: 'q',
    type: 't',
    state: 'delayed',
    payload: { a: [1] },
    pushedAt: now,
    dueAt: now + 70,
    deduplicationKey: 'k',
    attempts: 0,
    starts: 0,
    stalls: 0,
    log: [],
    history: [],
  });
});

test('nobody shares an object with the queue', async () => {
  const { client, clock, push, consume } = openRig();
  const tags = ['eu'];
  const id = await push({ payloadJson: '{"n":1}', tags });
  tags.push('changed');
  await consume((task) => {
    expect(task.payload).toEqual({ n: 1 });
    (task.payload as { n: number }).n = 2;
    const failure = { ...FAILURE, details: { n: 1 } };
    return task.attempt === 1
      ? { kind: 'retry', failure, delayMs: 0 }
      : { kind: 'completed', resultJson: '{"n":3}' };
  });
  await clock.advance(0);
  const first = await client.detail(id);
  expect(first).toMatchObject({ payload: { n: 1 }, result: { n: 3 }, tags: ['eu'] });
  const { result, tags: read = [] } = first ?? {};
  (result as { n: number }).n = 4;
  expect(() => (read as string[]).push('no')).toThrow(TypeError);
  expect((await client.read([id]))[0]?.result).toEqual({ n: 3 });
});

test('a result of null is null, and one of undefined is undefined', async () => {
  const { client, clock, push, consume } = openRig();
  const ids = [await push({ payloadJson: '"null"' }), await push()];
  await consume(({ payload }) => ({
    kind: 'completed',
    resultJson: payload === 'null' ? 'null' : undefined,
  }));
  await clock.advance(0);
  const records = await client.read(ids);
  expect(records.map((record) => record?.result)).toEqual([null, undefined]);
  expect(records.map((record) => record?.state)).toEqual(['completed', 'completed']);
});

test('a result that lies in the result store is only referred to', async () => {
  const { client, clock, push, consume } = openRig();
  const id = await push();
  await consume(() => ({ kind: 'completed', resultJson: '1', isStored: true }));
  await clock.advance(0);
  const [record] = await client.read([id]);
  expect(record).toMatchObject({ state: 'completed', isStored: true });
  expect(record?.result).toBeUndefined();
});

test('a payload that is no JSON is not readable, and does no harm', async () => {
  const { client, clock, push, consume } = openRig();
  const id = await push({ payloadJson: '{' });
  const seen: unknown[] = [];
  await consume(({ readable, payload }) => {
    seen.push(readable, payload);
    return FAILED;
  });
  await clock.advance(0);
  expect(seen).toEqual([false, undefined]);
  expect(await client.detail(id)).toMatchObject({ state: 'failed', payload: undefined });
});

test('an id of the caller’s own is one task, whatever the order of the keys in its payload', async () => {
  const { client, clock } = openRig();
  const own = { id: taskIdOfKey('q', 'mine'), isOwnId: true } as const;
  const push = (payloadJson: string, type = 't') =>
    client.push(envelopeOf({ ...own, payloadJson, type }, clock));
  expect(await push('{"a":1,"b":2}')).toEqual({ id: own.id, deduplicated: false });
  expect(await push('{"a":1,"b":2}')).toEqual({ id: own.id, deduplicated: true });
  expect(await push('{"b":2,"a":1}')).toEqual({ id: own.id, deduplicated: true });
  const taken = { code: 'TASK_ID_TAKEN', details: { id: own.id } };
  await expect(push('{"a":2}')).rejects.toMatchObject(taken);
  await expect(push('{"a":1,"b":2}', 'other')).rejects.toMatchObject(taken);
  expect((await client.counts('q')).waiting).toBe(1);
});

test('an envelope that is sent twice is one task', async () => {
  const { client, clock } = openRig();
  const envelope = envelopeOf({}, clock);
  expect(await client.push(envelope)).toEqual({ id: envelope.id, deduplicated: false });
  expect(await client.push(envelope)).toEqual({ id: envelope.id, deduplicated: false });
  expect((await client.counts('q')).waiting).toBe(1);
});

test('many that are pushed have an outcome each', async () => {
  const { client, clock } = openRig();
  const own = { id: taskIdOfKey('q', 'mine'), isOwnId: true } as const;
  const [first, second, third, fourth] = await client.pushMany([
    envelopeOf({ ...own, payloadJson: '1' }, clock),
    envelopeOf({ ...own, payloadJson: '2' }, clock),
    envelopeOf({ ...own, payloadJson: '1' }, clock),
    envelopeOf({}, clock),
  ]);
  expect(first).toEqual({ id: own.id, deduplicated: false });
  expect(second).toMatchObject({ code: 'TASK_ID_TAKEN' });
  expect(third).toEqual({ id: own.id, deduplicated: true });
  expect(fourth).toMatchObject({ deduplicated: false });
});

test('a closed client refuses, and the tasks stay', async () => {
  const { client, openClient, consumer, clock, push } = openRig();
  const id = await push();
  const other = openClient();
  await client.close();
  await client.close();
  const closed = { code: 'CLIENT_CLOSED' };
  await expect(client.push(envelopeOf({}, clock))).rejects.toMatchObject(closed);
  await expect(client.read([id])).rejects.toMatchObject(closed);
  await expect(client.cancel(id, 'no')).rejects.toMatchObject(closed);
  await expect(client.ping()).rejects.toMatchObject(closed);
  await expect(client.inspector.discard(id)).rejects.toMatchObject(closed);
  expect((await other.read([id]))[0]?.state).toBe('waiting');
  await other.ping();
  await consumer.close();
  await expect(consumer.ping()).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
});

test('when all is closed no timer is left', async () => {
  const { client, consumer, clock, push, consume } = openRig();
  await push();
  await push({ delayMs: 1_000 });
  await consume(() => DONE);
  await clock.advance(0);
  // The delayed one, and what is to be swept.
  expect(clock.timers).toBe(2);
  await client.close();
  await client.close();
  expect(clock.timers).toBe(2);
  await consumer.close();
  expect(clock.timers).toBe(0);
});
