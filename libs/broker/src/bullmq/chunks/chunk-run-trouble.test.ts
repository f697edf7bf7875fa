import type { HandBackReason, Verdict } from '@goflow/shared';
import { RedisServer, until } from '@goflow/testing';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { queueKey } from '../keys.js';
import { ChunkRig } from './chunk-rig.test-d.js';
import { DONE, FAILED, failure, RunRig, type Work } from './run-rig.test-d.js';

const retry: Verdict = { kind: 'retry', failure, delayMs: 60_000 };
const handBack = (reason: HandBackReason, delayMs = 0): Verdict => ({
  kind: 'handed-back',
  reason,
  delayMs,
});
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** Another worker has the chunk by now. */
const takeAway = ({ rig, held }: RunRig) => rig.redis.set(rig.key(`${held.chunk}:lock`), 'other');

const ENDS: [string, Work][] = [
  [
    'heeds the signal',
    async (_, task) => (await until(() => task.isAborted, { what: 'the abort' })) && retry,
  ],
  [
    'completes all the same',
    async (_, task) => (await until(() => task.isAborted, { what: 'the abort' })) && DONE,
  ],
];

test.each(ENDS)(
  'the lease is lost while a task runs that %s: it and all that is not saved are dropped',
  async (_, work) => {
    const rig = await RunRig.open(5);
    const reason = new Error('the lease was lost');
    const running = rig.run(async (index, task) => {
      if (index < 2) return DONE;
      await takeAway(rig);
      rig.lease.abort(reason);
      expect(task.signal.reason).toBe(reason);
      return work(index, task);
    });
    await expect(running).rejects.toThrow('Missing lock');
    expect(rig.begun).toEqual([0, 1, 2]);
    expect(rig.lost).toEqual([0, 1, 2]);
    expect(rig.settled).toEqual([]);
    const { chunk } = rig.held;
    expect(await rig.chunk()).not.toHaveProperty('k');
    expect(await rig.rig.job(`${chunk}.2`)).toEqual({});
    expect(await rig.rig.counts()).toEqual({ jobs: 1, open: 5 });
  },
);

test.each(ENDS)(
  'nobody told that the lease is lost: the next save finds out, while a task runs that %s',
  async (_, work) => {
    const rig = await RunRig.open(5);
    const running = rig.run(async (index, task) => {
      if (index < 2) return DONE;
      await takeAway(rig);
      return work(index, task);
    });
    await expect(running).rejects.toThrow('Missing lock');
    expect(rig.begun).toEqual([0, 1, 2]);
    expect(new Set(rig.lost)).toEqual(new Set([0, 1, 2]));
    expect(rig.settled).toEqual([]);
  },
);

test('what is on its way to be saved when the lease is lost is dropped, too, when that is refused', async () => {
  const { rig, server } = await openRefusing(5);
  const running = rig.run(async (index) => {
    if (index < 2) return DONE;
    await takeAway(rig);
    server.pause();
    await until(() => rig.rig.redis.commandQueue.length > 0, { what: 'the save to be sent' });
    rig.lease.abort(new Error('the lease was lost'));
    setImmediate(() => server.resume());
    return DONE;
  });
  await expect(running).rejects.toThrow('Missing lock');
  expect(new Set(rig.lost)).toEqual(new Set([0, 1, 2]));
});

test('what was saved before the lease was lost is recorded, and told; it is not dropped', async () => {
  const rig = await RunRig.open(4);
  const run = await rig.start(async (index) => {
    if (index !== 2) return DONE;
    await until(async () => (await rig.chunk()).k === '2', { what: 'two to be saved' });
    await takeAway(rig);
    return DONE;
  });
  await expect(run.run()).rejects.toThrow('Missing lock');
  run.tellLast();
  expect(rig.settled).toEqual(['0 completed', '1 completed']);
  expect(rig.lost).toEqual([2, 3]);
});

test('a task that cannot leave because the lease is lost is dropped', async () => {
  const rig = await RunRig.open(3);
  const running = rig.run(async (index) => {
    if (index === 0) return DONE;
    await takeAway(rig);
    return FAILED;
  });
  await expect(running).rejects.toThrow('Missing lock');
  expect(rig.begun).toEqual([0, 1]);
  expect(rig.lost).toEqual([0, 1]);
  expect(rig.settled).toEqual([]);
});

test('a lease that was lost before anything was begun: nothing is', async () => {
  const rig = await RunRig.open(3);
  rig.lease.abort(new Error('lost'));
  await expect(rig.run(() => DONE)).rejects.toThrow('Missing lock');
  expect([rig.begun, rig.lost]).toEqual([[], []]);
});

test('a worker that takes nothing any more: what runs is recorded, the rest goes back', async () => {
  const rig = await RunRig.open(4);
  const verdict = await rig.run((index) => {
    rig.takesNothing = index === 1;
    return DONE;
  });
  expect(verdict).toEqual({ kind: 'handed-back', reason: 'stopping', delayMs: 0 });
  expect(rig.begun).toEqual([0, 1]);
  expect(rig.settled).toEqual(['0 completed', '1 completed']);
  expect(await rig.chunk()).toMatchObject({ k: '2', d: '2', o: '2' });
});

test.each(['stopping', 'paused', 'handler-missing'] as const)(
  'a task that is handed back (%s) goes with all that come after it',
  async (reason) => {
    const rig = await RunRig.open(4);
    const verdict = await rig.run((index) => (index === 1 ? handBack(reason, 70) : DONE));
    expect(verdict).toEqual(handBack(reason, 70));
    expect(rig.begun).toEqual([0, 1]);
    expect(rig.settled.toSorted()).toEqual(['0 completed', '1 handed-back']);
    expect(await rig.chunk()).toMatchObject({ k: '1', o: '3' });
    expect(await rig.rig.redis.exists(rig.rig.key('delayed'))).toBe(0);
  },
);

test.each(['snoozed', 'store-away'] as const)(
  'a task that is handed back for itself (%s) leaves, and the others go on',
  async (reason) => {
    const rig = await RunRig.open(3);
    const verdict = await rig.run((index) => (index === 1 ? handBack(reason, 60_000) : DONE));
    expect(verdict).toBeUndefined();
    expect(rig.begun).toEqual([0, 1, 2]);
    const unique = `${rig.held.chunk}.1`;
    expect(await rig.rig.job(unique)).not.toHaveProperty('atm');
    expect(await rig.rig.redis.zrange(rig.rig.key('delayed'), '0', '-1')).toEqual([unique]);
  },
);

test('one with a startBy that was begun in time must not be taken for one that was not: it leaves', async () => {
  const rig = await RunRig.open(3, { startBy: Date.now() + 60_000 });
  const verdict = await rig.run((index) => {
    rig.takesNothing = index === 1;
    return index === 1 ? handBack('stopping') : DONE;
  });
  expect(verdict).toEqual(handBack('stopping'));
  const own = await rig.rig.job(`${rig.held.chunk}.1`);
  expect(JSON.parse(own.opts ?? '')).not.toHaveProperty('sb');
  const chunk = await rig.chunk();
  expect(JSON.parse(chunk.opts ?? '')).toHaveProperty('sb');
  expect(chunk).toMatchObject({ k: '2', o: '1', x1: '1' });
});

/** A chunk in a Redis of its own, that can be made to refuse. */
async function openRefusing(size: number) {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const redis = new Redis(server.url);
  onTestFinished(() => redis.disconnect());
  const key = (part: string): string => queueKey('p', 'default', part);
  const rig = await RunRig.open(size, {}, new ChunkRig({ redis, prefix: 'p', key }));
  const refuse = (): Promise<unknown> => redis.config('SET', 'maxmemory', '1');
  const accept = (): Promise<unknown> => redis.config('SET', 'maxmemory', '0');
  return { rig, server, refuse, accept };
}

test('while Redis takes no results, tasks are not run on and on; then all is saved, each was run once', async () => {
  const { rig, refuse, accept } = await openRefusing(1_000);
  const running = rig.run(async (index) => {
    if (index === 0) await refuse();
    await turn();
    return DONE;
  });
  let [begun, looks] = [0, 0];
  await until(
    () => {
      looks = rig.begun.length === begun ? looks + 1 : 0;
      begun = rig.begun.length;
      return looks > 40 && rig.troubles.length > 0;
    },
    { what: 'the run to stand still' },
  );
  expect(begun).toBeLessThan(1_000);
  expect(String(rig.troubles[0])).toContain('OOM');
  await accept();
  expect(await running).toBeUndefined();
  expect(rig.begun).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
  expect(await rig.chunk()).toMatchObject({ k: '1000', d: '1000', o: '0' });
  expect(rig.lost).toEqual([]);
});

test('a task that cannot leave now leaves later; the next waits for that', async () => {
  const { rig, refuse, accept } = await openRefusing(3);
  const running = rig.run(async (index) => {
    if (index === 1) await refuse();
    return index === 1 ? FAILED : DONE;
  });
  await until(() => rig.troubles.length > 1, { what: 'it to be tried again' });
  expect(rig.begun).toEqual([0, 1]);
  await accept();
  await running;
  expect(rig.settled).toContain('1 failed');
  expect(await rig.chunk()).toMatchObject({ k: '3', d: '2', o: '0' });
});

test('a worker that closes while Redis refuses gives up, and nothing is told that is not recorded', async () => {
  const { rig, refuse } = await openRefusing(3);
  const running = rig.run(async (index) => {
    if (index === 2) await refuse();
    return DONE;
  });
  const ended = expect(running).rejects.toThrow('OOM');
  await until(() => rig.troubles.length > 0, { what: 'the save to be refused' });
  rig.closing.abort();
  await ended;
  expect(rig.settled).toEqual([]);
  // The lease is not lost: the chunk is run again when it ends.
  expect(rig.lost).toEqual([]);
});
