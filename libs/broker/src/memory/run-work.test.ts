import { expect, test } from 'vitest';
import { DONE, openRig } from './rig.test-d.js';

test('a function takes a slot like any task, and its result can be asked for', async () => {
  const { client, clock, run, push, consume, settled } = openRig();
  const order: string[] = [];
  await push();
  const id = run('q', async () => {
    order.push('function');
    await Promise.resolve();
    return { sum: 3 };
  });
  await push();
  expect(await client.detail(id)).toMatchObject({ state: 'waiting', type: 'function', queue: 'q' });
  const consumer = await consume(() => {
    order.push('task');
    return DONE;
  });
  await clock.advance(0);
  expect(order).toEqual(['task', 'function', 'task']);
  expect(await client.detail(id)).toMatchObject({
    state: 'completed',
    attempts: 1,
    result: { sum: 3 },
    history: [{ attempt: 1, worker: 'w1', outcome: 'completed' }],
  });
  // Workers have no contract for it.
  expect(settled).toHaveLength(2);
  expect((await consumer.counts()).completed).toBe(3);
});

test.each([
  ['a date', new Date()],
  ['nothing', undefined],
  ['a function', () => 1],
  ['what is too large', 'x'.repeat(1024 * 1024)],
])('of %s no result is kept', async (_what, result) => {
  const { client, clock, run, consume } = openRig();
  const id = run('q', () => result);
  await consume(() => DONE);
  await clock.advance(0);
  const [record] = await client.read([id]);
  expect(record).toMatchObject({ state: 'completed' });
  expect(record?.result).toBeUndefined();
});

test('what it throws fails it at once; it can be redriven', async () => {
  const { client, clock, run, consume } = openRig();
  let calls = 0;
  const id = run('q', () => {
    calls += 1;
    if (calls === 1) throw new TypeError('no luck');
    return 'second';
  });
  await consume(() => DONE);
  await clock.advance(60_000);
  expect(await client.read([id])).toMatchObject([
    { state: 'failed', attempts: 1, failure: { name: 'TypeError', message: 'no luck' } },
  ]);
  await client.inspector.redrive(id);
  await clock.advance(0);
  expect(await client.read([id])).toMatchObject([{ state: 'completed', result: 'second' }]);
});

test('it is cancelled where it is, and its signal says so', async () => {
  const { client, clock, run, consume } = openRig();
  const reasons: unknown[] = [];
  const untilAborted = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason);
        resolve();
      });
    });
  const [first, second] = [run('q', untilAborted), run('q', untilAborted)];
  await consume(() => DONE);
  await clock.advance(0);
  expect(await client.cancel(second, 'no')).toEqual({ found: 'waiting', effect: 'cancelled' });
  expect(await client.cancel(first, 'no')).toEqual({ found: 'active', effect: 'requested' });
  await clock.advance(0);
  expect((await client.read([first, second])).map((record) => record?.state)).toEqual([
    'cancelled',
    'cancelled',
  ]);
  expect(reasons).toMatchObject([{ code: 'TASK_CANCELLED' }]);
});

test('one that a stopping worker breaks off waits again, and so does one that was not begun', async () => {
  const { client, clock, run, consume, openConsumer } = openRig();
  let calls = 0;
  const id = run('q', (signal) => {
    calls += 1;
    if (calls === 2) return 'second';
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  });
  const next = run('q', () => 'next');
  const consumer = await consume(() => DONE);
  await clock.advance(0);
  const stopped = consumer.stop(0);
  await clock.advance(0);
  await stopped;
  expect(await client.counts('q')).toMatchObject({ waiting: 2, failed: 0 });
  await consume(() => DONE, {}, openConsumer());
  await clock.advance(0);
  expect(await client.read([id, next])).toMatchObject([
    { state: 'completed', result: 'second', attempts: 1 },
    { state: 'completed', result: 'next' },
  ]);
});

test('a queue that is no name, and a closed client, are refused', async () => {
  const { client, run } = openRig();
  expect(() => run('No Queue', () => 1)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  );
  await client.close();
  expect(() => run('q', () => 1)).toThrow(expect.objectContaining({ code: 'CLIENT_CLOSED' }));
});
