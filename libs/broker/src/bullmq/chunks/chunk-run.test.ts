import type { Verdict } from '@goflow/shared';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { cancelInChunk } from './cancel-in-chunk.js';
import { DONE, FAILED, failure, RunRig } from './run-rig.test-d.js';

const retry: Verdict = { kind: 'retry', failure, delayMs: 60_000 };

/** Ends when it is let go. */
function gate() {
  let letGo = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  return { passed, letGo };
}

test('all of a chunk, one after the other, and then nothing is open', async () => {
  const rig = await RunRig.open(5);
  let atOnce = 0;
  const handBack = await rig.run(async (index, task) => {
    atOnce += 1;
    expect(atOnce).toBe(1);
    expect(task).toMatchObject({ attempt: 1, starts: 1, payload: `${index}`, isOfChunk: true });
    expect(rig.running.has(`${rig.held.chunk}.${index}`)).toBe(true);
    await new Promise(setImmediate);
    atOnce -= 1;
    return { kind: 'completed', resultJson: `{"n":${index}}` };
  });
  expect(handBack).toBeUndefined();
  expect(rig.begun).toEqual([0, 1, 2, 3, 4]);
  const { r = '', ...chunk } = await rig.chunk();
  const results = r.trimEnd().split('\n');
  expect(results.map((line) => line.replace(/^\d+,\d+ /, ''))).toEqual(
    [0, 1, 2, 3, 4].map((n) => `{"n":${n}}`),
  );
  expect(chunk).toMatchObject({ k: '5', d: '5', o: '0' });
});

test('what completed last is told when the chunk itself is recorded, so that counts agree with it', async () => {
  const rig = await RunRig.open(2);
  const run = await rig.start(() => DONE);
  await run.run();
  expect(rig.settled).toEqual([]);
  run.tellLast();
  run.tellLast();
  expect(rig.settled).toEqual(['0 completed', '1 completed']);
});

test('no task that leaves has ended before it began, however times are rounded', async () => {
  const rig = await RunRig.open(1);
  await rig.run(() => {
    rig.aheadMs = -5;
    return FAILED;
  });
  const { processedOn, finishedOn } = await rig.rig.job(`${rig.held.chunk}.0`);
  expect(Number(finishedOn)).toBeGreaterThanOrEqual(Number(processedOn));
});

test('one that does not complete leaves at once, and its neighbours go on', async () => {
  const rig = await RunRig.open(4);
  const verdicts = [DONE, retry, FAILED, DONE];
  await rig.run(async (index) => {
    // What left is recorded before the next begins.
    if (index === 2) expect(rig.settled).toContain('1 retry');
    return verdicts[index] as Verdict;
  });
  const { chunk } = rig.held;
  const { redis, key } = rig.rig;
  expect(await redis.zrange(key('delayed'), '0', '-1')).toEqual([`${chunk}.1`]);
  expect(await redis.zrange(key('failed'), '0', '-1')).toEqual([`${chunk}.2`]);
  expect(await rig.chunk()).toMatchObject({ k: '4', d: '2', o: '0', x1: '1', x2: '1' });
  expect((await rig.chunk()).r?.split('\n').slice(1, 3)).toEqual(['-', '-']);
  const leaving = await rig.rig.job(`${chunk}.1`);
  const [attempt, startedAt, endedAt, worker] = JSON.parse(leaving.h1 ?? '');
  expect([attempt, worker, endedAt >= startedAt]).toEqual([1, 'w', true]);
  expect(Number(leaving.processedOn)).toBe(startedAt);
});

test('results are saved while the next task runs, however long that takes', async () => {
  const rig = await RunRig.open(4);
  const { passed, letGo } = gate();
  const running = rig.run(async (index) => {
    if (index === 2) await passed;
    return DONE;
  });
  await until(async () => (await rig.chunk()).k === '2', { what: 'two results to be saved' });
  expect(rig.begun).toEqual([0, 1, 2]);
  expect(await rig.rig.counts()).toMatchObject({ open: 2, completed: 2 });
  await until(() => rig.settled.length === 2, { what: 'them to be told' });
  letGo();
  await running;
  expect(await rig.chunk()).toMatchObject({ k: '4' });
});

/** Keeps the event loop busy. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('tasks that wait for nothing keep nobody else waiting for the whole chunk, and are saved in the middle', async () => {
  const rig = await RunRig.open(60);
  const [begun, saved] = [new Set<number>(), new Set<number>()];
  const looking = setInterval(() => {
    begun.add(rig.begun.length);
    saved.add(rig.settled.length);
  }, 1);
  const startedAt = performance.now();
  await rig.run(() => {
    block(15);
    return DONE;
  });
  clearInterval(looking);
  // Of 900 ms of work.
  expect(begun.size).toBeGreaterThan(10);
  expect(saved.size).toBeGreaterThan(1);
  // Every 200 ms, and not more often.
  expect(saved.size - 1).toBeLessThanOrEqual((performance.now() - startedAt) / 200);
});

test('the next worker goes on where results were saved, with the times that they were saved with', async () => {
  const rig = await RunRig.open(4);
  const { passed, letGo } = gate();
  const first = rig.run(async (index) => {
    if (index === 1) await passed;
    return DONE;
  });
  await until(async () => (await rig.chunk()).k === '1', { what: 'the first to be saved' });
  const { t0, r } = await rig.chunk();
  const next = await rig.next();
  next.aheadMs = 3_600_000;
  await next.run((_, task) => {
    expect(task.starts).toBe(2);
    return DONE;
  });
  expect(next.begun).toEqual([1, 2, 3]);
  const chunk = await rig.chunk();
  expect(chunk).toMatchObject({ t0, k: '4', d: '4', o: '0' });
  expect(chunk.r?.startsWith(r ?? '')).toBe(true);
  const [start] = chunk.r?.split('\n').at(-2)?.split(',') ?? [];
  expect(Number(start)).toBeGreaterThan(3_500_000);
  letGo();
  await expect(first).rejects.toThrow('Missing lock');
});

test('those who left before are passed over', async () => {
  const rig = await RunRig.open(4);
  const { redis, prefix } = rig.rig;
  const { chunk } = rig.held;
  await redis.del(rig.rig.key(`${chunk}:lock`));
  for (const index of [0, 3]) {
    const place = { redis, prefix, queue: 'default', unique: `${chunk}.${index}` };
    await cancelInChunk({ ...place, chunk: { unique: chunk, index } }, 'enough');
  }
  const next = await rig.next();
  await next.run(() => DONE);
  expect(next.begun).toEqual([1, 2]);
  expect(await rig.chunk()).toMatchObject({ k: '4', d: '2', o: '0' });
});

test('a wish that was there before ends its task without its being run', async () => {
  const rig = await RunRig.open(3);
  const { redis, key } = rig.rig;
  await redis.hset(key('cancelling'), `${rig.held.chunk}.1`, 'enough');
  await rig.run(() => DONE);
  expect(rig.begun).toEqual([0, 2]);
  expect(rig.settled).toEqual(['1 cancelled']);
  const job = await rig.rig.job(`${rig.held.chunk}.1`);
  expect(job).toMatchObject({ atm: '0', failedReason: 'the task was cancelled: enough' });
  expect(job).not.toHaveProperty('processedOn');
});

test('a wish that comes while others run is fulfilled; one for a task that was begun is not taken', async () => {
  const rig = await RunRig.open(4);
  const { passed, letGo } = gate();
  const run = await rig.start(async (index) => {
    if (index === 1) await passed;
    return DONE;
  });
  const running = run.run();
  await until(() => rig.begun.length === 2, { what: 'the second to run' });
  expect([0, 1, 2, 3].map((index) => run.cancel(index, 'why'))).toEqual([false, false, true, true]);
  letGo();
  await running;
  expect(rig.begun).toEqual([0, 1]);
  expect(rig.settled).toEqual(['2 cancelled', '3 cancelled']);
  expect(await rig.rig.redis.zcard(rig.rig.key('cancelled'))).toBe(2);
});

test('a chunk that is to fail: each open task does, for the same reason, none is run', async () => {
  const rig = await RunRig.open(4);
  const first = await rig.start(async (index) => {
    // Its process dies.
    if (index === 1) await new Promise(() => undefined);
    return DONE;
  });
  void first.run();
  await until(async () => (await rig.chunk()).k === '1', { what: 'the first to be saved' });
  const next = await rig.next();
  // To a worker that leaves, too.
  next.takesNothing = true;
  const stalled = { name: 'Error', message: 'stalled', code: 'TASK_STALLED' };
  await next.run(() => DONE, { failure: stalled });
  expect(next.begun).toEqual([]);
  expect(next.settled).toEqual(['1 failed', '2 failed', '3 failed']);
  expect(await rig.rig.redis.zcard(rig.rig.key('failed'))).toBe(3);
  expect(await rig.chunk()).toMatchObject({ k: '4', d: '1', o: '0' });
});
