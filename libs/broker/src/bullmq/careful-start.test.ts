import type { Verdict } from '@goflow/shared';
import { until } from '@goflow/testing';
import type { Job } from 'bullmq';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Begun } from './begun.js';
import { Cancellations } from './cancellations.js';
import { CarefulStart } from './careful-start.js';
import { cancelChannel } from './keys.js';
import { Lease } from './lease.js';
import { openPlace } from './place.test-d.js';
import { Suspects, Turns } from './suspects.js';
import { TakenJob } from './taken-job.js';
import { Takeovers } from './takeovers.js';

const NOW = 1_000;
const DONE: Verdict = { kind: 'completed', resultJson: undefined };
const RETRY: Verdict = {
  kind: 'retry',
  failure: { name: 'Error', message: 'why', code: 'HANDLER_FAILED' },
  delayMs: 5,
};

function open(run: (task: TakenJob) => Promise<Verdict> = async () => DONE) {
  const { redis, prefix, key } = openPlace();
  const troubles: unknown[] = [];
  const report = (error: unknown) => void troubles.push(error);
  const cancellations = new Cancellations({ redis, prefix, report });
  onTestFinished(() => cancellations.close());
  const suspects = new Suspects({ redis, prefix, turns: new Turns() }, 'default');
  const running = vi.fn(run);
  const begun = new Begun({ redis, prefix, clock: { now: () => NOW } }, 'default');
  const takeovers = new Takeovers({ redis, prefix, report }, 'default');
  const known = { begun, cancellations, suspects, takeovers };
  const options = { ...known, worker: 'w', run: running, report };
  const marks = () => redis.hkeys(key('suspects'));
  return {
    redis,
    prefix,
    key,
    cancellations,
    marks,
    troubles,
    run: running,
    careful: new CarefulStart(options),
  };
}

/** A task that was started for the second time, unless said otherwise. */
function taken({ unique = 'a', starts = 2, stalls = 0, startBy = 0 } = {}): TakenJob {
  const job = {
    id: unique,
    name: 'repeater',
    data: 'x',
    attemptsMade: 0,
    attemptsStarted: starts,
    stalledCounter: stalls,
    timestamp: 1,
    opts: startBy === 0 ? {} : { sb: startBy },
  };
  const report = async (): Promise<void> => undefined;
  const lease = new Lease();
  return new TakenJob({ queue: 'default', job: job as Job, token: 't', lease, report });
}

const never = (): Promise<never> => new Promise(() => undefined);

test('most tasks are not started carefully: only what was started before, or about what there is news', async () => {
  const { careful, cancellations, redis, prefix } = open();
  expect(careful.isNeeded(taken({ starts: 1 }), 'a')).toBe(false);
  expect(careful.isNeeded(taken({ starts: 2 }), 'a')).toBe(true);
  await cancellations.listen('default', {
    cancel: () => false,
    running: () => [],
    hasChunks: () => false,
  });
  await redis.publish(cancelChannel(prefix, 'default'), JSON.stringify(['a', 'why']));
  await until(() => careful.isNeeded(taken({ starts: 1 }), 'a'), { what: 'the news to be heard' });
  expect(careful.isNeeded(taken({ starts: 1 }), 'b')).toBe(false);
});

test('a task that was only tried before is run, and is no suspect', async () => {
  const { careful, run, marks } = open(async () => {
    expect(await marks()).toEqual([]);
    return RETRY;
  });
  const task = taken();
  expect(await careful.run(task, 'a')).toBe(RETRY);
  expect(run.mock.calls).toEqual([[task]]);
});

test('a task that was cancelled meanwhile is not run: no attempt is spent, and the wish is fulfilled', async () => {
  const { careful, run, redis, key } = open();
  await redis.hset(key('cancelling'), 'a', 'changed my mind', 'b', 'another');
  expect(await careful.run(taken({ stalls: 1 }), 'a')).toMatchObject({
    kind: 'cancelled',
    isUnspent: true,
    failure: {
      code: 'TASK_CANCELLED',
      message: expect.stringContaining('changed my mind'),
    },
  });
  expect(run).not.toHaveBeenCalled();
  await until(async () => (await redis.hkeys(key('cancelling'))).join() === 'b', {
    what: 'the wish to be forgotten',
  });
});

test.each([DONE, RETRY])(
  'a suspect bears its mark while it runs, and is acquitted however it ends: %j',
  async (verdict) => {
    let marked: string[] = [];
    const { careful, marks } = open(async () => {
      marked = await marks();
      return verdict;
    });
    expect(await careful.run(taken({ stalls: 1 }), 'a')).toBe(verdict);
    expect(marked).toEqual(['a']);
    await until(async () => (await marks()).length === 0, { what: 'it to be acquitted' });
  },
);

test('a suspect that comes back with its mark is poison: it is not run a third time', async () => {
  const { careful, run, redis, key, marks } = open();
  await redis.hset(key('suspects'), 'a', 'the dead worker');
  expect(await careful.run(taken({ stalls: 2 }), 'a')).toMatchObject({
    kind: 'failed',
    isUnspent: true,
    failure: { code: 'TASK_POISON', message: expect.stringContaining('default:a') },
  });
  expect(run).not.toHaveBeenCalled();
  // A dead letter that is redriven begins anew.
  await until(async () => (await marks()).length === 0, { what: 'its mark to be gone' });
});

test('suspects run one after the other, what is none runs beside them', async () => {
  const order: string[] = [];
  const ends = new Map<string, () => void>();
  const { careful } = open(async ({ id }) => {
    order.push(id);
    await new Promise<void>((resolve) => ends.set(id, resolve));
    return DONE;
  });
  const runs = ['a', 'b'].map((unique) => careful.run(taken({ unique, stalls: 1 }), unique));
  await until(() => order.length === 1, { what: 'one suspect to run' });
  runs.push(careful.run(taken({ unique: 'c' }), 'c'));
  await until(() => order.length === 2, { what: 'the other task to run' });
  expect(order).toEqual(['default:a', 'default:c']);
  ends.get('default:a')?.();
  await until(() => order.length === 3, { what: 'the next suspect to run' });
  for (const end of ends.values()) end();
  expect(await Promise.all(runs)).toEqual([DONE, DONE, DONE]);
});

test('a suspect that is aborted while it waits for its turn is not begun, and bears no mark', async () => {
  let end = (): void => undefined;
  const { careful, run, marks } = open(async () => {
    await new Promise<void>((resolve) => {
      end = resolve;
    });
    return DONE;
  });
  const first = careful.run(taken({ unique: 'a', stalls: 1 }), 'a');
  await until(() => run.mock.calls.length === 1, { what: 'the first to run' });
  const task = taken({ unique: 'b', stalls: 1 });
  const second = careful.run(task, 'b');
  task.abort(new Error('the lease was lost'));
  end();
  expect(await first).toBe(DONE);
  expect(await second).toEqual({ kind: 'handed-back', reason: 'stopping', delayMs: 0 });
  expect(run).toHaveBeenCalledTimes(1);
  await until(async () => (await marks()).length === 0, { what: 'the marks to be gone' });
});

test('a worker that leaves takes its mark along, though the handler heeds no signal: nobody died', async () => {
  const { careful, run, marks } = open(never);
  const task = taken({ stalls: 1 });
  void careful.run(task, 'a');
  await until(() => run.mock.calls.length === 1, { what: 'it to run' });
  expect(await marks()).toEqual(['a']);
  task.breakOff(new Error('the worker is stopping'));
  await until(async () => (await marks()).length === 0, { what: 'its mark to be gone' });
});

test('a suspect whose lease was lost keeps its mark while it runs: it may have frozen its process', async () => {
  const { careful, run, marks, redis } = open(never);
  const task = taken({ stalls: 1 });
  void careful.run(task, 'a');
  await until(() => run.mock.calls.length === 1, { what: 'it to run' });
  task.abort('the lease was lost');
  await redis.ping();
  expect(await marks()).toEqual(['a']);
});

test('each loss of its worker is news once, however often it is tried after that', async () => {
  const { careful, redis, key } = open(async () => RETRY);
  await redis.hset(key('a'), 'name', 'repeater');
  const news: boolean[] = [];
  for (const stalls of [1, 1, 1, 2, 2]) {
    const task = taken({ stalls });
    await careful.run(task, 'a');
    news.push(task.isTakenOver);
  }
  expect(news).toEqual([true, false, false, true, false]);
});

test('without Redis nothing is known of it, and it runs all the same', async () => {
  const { careful, run, redis, troubles } = open();
  redis.disconnect();
  expect(await careful.run(taken({ stalls: 1 }), 'a')).toBe(DONE);
  expect(run).toHaveBeenCalledTimes(1);
  expect(troubles).toMatchObject([{ message: expect.stringContaining('closed') }]);
});

test('a Redis that refuses the mark does not keep the suspect from running, once', async () => {
  const { careful, run, redis, key, troubles } = open();
  await redis.set(key('suspects'), 'no hash');
  expect(await careful.run(taken({ stalls: 1 }), 'a')).toBe(DONE);
  expect(run).toHaveBeenCalledTimes(1);
  expect(troubles).toMatchObject([{ message: expect.stringContaining('WRONGTYPE') }]);
});

test('a task that was ended while Redis was asked is not begun', async () => {
  const { careful, run } = open();
  const task = taken();
  const running = careful.run(task, 'a');
  task.abort(new Error('cancelled'));
  expect(await running).toMatchObject({ kind: 'handed-back' });
  expect(run).not.toHaveBeenCalled();
});

test('one that has to be begun in time is marked before it begins; the next worker knows it was begun', async () => {
  let marked: string | null = null;
  const opened = open(async () => {
    marked = await opened.redis.hget(opened.key('a'), 'bg');
    return DONE;
  });
  const { careful, redis, key } = opened;
  await redis.hset(key('a'), 'name', 'repeater');
  const first = taken({ starts: 1, startBy: NOW + 1 });
  expect(careful.isNeeded(first, 'a')).toBe(true);
  expect(await careful.run(first, 'a')).toBe(DONE);
  expect(marked).toBe('1');
  const next = taken({ stalls: 1, startBy: NOW });
  expect(await careful.run(next, 'a')).toBe(DONE);
  expect(next.wasBegun).toBe(true);
});

test('one that was taken and lost on its way was not begun, and is not when its time is over', async () => {
  const { careful, redis, key } = open();
  await redis.hset(key('a'), 'name', 'repeater');
  const task = taken({ stalls: 1, startBy: NOW });
  await careful.run(task, 'a');
  expect(task.wasBegun).toBe(false);
  expect(await redis.hexists(key('a'), 'bg')).toBe(0);
});

test('a job that is gone does not come back as its mark; without Redis one whose worker died counts as begun', async () => {
  const { careful, redis, key } = open();
  await careful.run(taken({ starts: 1, startBy: NOW + 1 }), 'a');
  expect(await redis.exists(key('a'))).toBe(0);
  redis.disconnect();
  const task = taken({ stalls: 1, startBy: NOW });
  expect(await careful.run(task, 'a')).toBe(DONE);
  expect(task.wasBegun).toBe(true);
});
