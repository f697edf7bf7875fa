import type { TaskId } from '@goflow/sdk';
import { until } from '@goflow/testing';
import type { Job, Queue } from 'bullmq';
import { expect, test } from 'vitest';
import { openRedis } from '../support/redis.js';
import {
  bullIdOf,
  double,
  MOST,
  OWN,
  openBoard,
  payloadOf,
  RAW,
  range,
  rawId,
  runBoth,
  SLOTS,
  TOTAL,
  watchCalls,
} from './beside-raw-bullmq.test-d.js';

// With shared calls on, what is stored is exactly BullMQ's: programs that know only BullMQ work on the same queue at the same time.

test('raw producer, worker, listener and reader beside goflow’s: every task once, and the same for all', async () => {
  const { goflow, queue, heard, calls, ids, ran } = await runBoth();
  expect([...ran.own, ...ran.raw].toSorted((a, b) => a - b)).toEqual(range(0, TOTAL));
  expect(ran.raw.slice(0, SLOTS).toSorted((a, b) => a - b)).toEqual(OWN.slice(0, SLOTS));
  expect(ran.own.slice(0, SLOTS).toSorted((a, b) => a - b)).toEqual(RAW.slice(0, SLOTS));
  const uniques = ids.map(bullIdOf);
  const all = [...uniques, ...RAW.map(rawId)];
  const added = calls.added(uniques);
  expect(added.length).toBeLessThan(uniques.length / 8);
  expect(Math.max(...added)).toBe(MOST);
  expect(calls.added(RAW.map(rawId))).toHaveLength(RAW.length);
  // All tasks that were held end in one turn; those of the raw worker each in a call of its own.
  expect(Math.max(...calls.ended(all))).toBe(MOST);
  expect(calls.ended(uniques.slice(0, SLOTS))).toHaveLength(SLOTS);

  const values = [...OWN, ...RAW].map((n) => double(payloadOf(n)));
  const taskIds = [...ids, ...RAW.map((n) => `default:${rawId(n)}`)];
  const results = await Promise.all(taskIds.map((id) => goflow.getResult(id)));
  expect(results).toMatchObject(values.map((value) => ({ status: 'completed', value })));
  await until(() => heard.size === TOTAL, { what: 'all events' });
  expect(all.map((id) => heard.get(id))).toEqual(values.map((value) => [value]));
  const jobs = await Promise.all(all.map((id) => queue.getJob(id)));
  expect(jobs).toMatchObject(
    [...OWN, ...RAW].map((n, at) => ({
      id: all[at],
      name: 'double',
      data: payloadOf(n),
      returnvalue: values[at],
      attemptsMade: 1,
      attemptsStarted: 1,
      finishedOn: expect.any(Number),
    })),
  );
  expect(await queue.getJobCounts()).toEqual(countsOf({ completed: TOTAL }));
  expect(await goflow.counts()).toMatchObject({ completed: TOTAL, waiting: 0, active: 0 });
});

/** As BullMQ counts. */
const countsOf = (counts: Readonly<Record<string, number>>) => ({
  active: 0,
  completed: 0,
  delayed: 0,
  failed: 0,
  prioritized: 0,
  waiting: 0,
  'waiting-children': 0,
  ...counts,
});

// What follows are the calls of bull-board's BullMQ adapter. The package itself is no dependency of goflow.

const jobsOf = async (queue: Queue, ids: readonly TaskId[]): Promise<Job[]> => {
  const jobs = await Promise.all(ids.map((id) => queue.getJob(bullIdOf(id))));
  return jobs.map((job, at) => job ?? expect.fail(`there is no job of ${ids[at]}`));
};
const named = (name: string, count: number) => range(0, count).map((n) => `${name} ${n}`);

test('a dashboard finds goflow’s tasks in every state, with counts and logs', async () => {
  const { queue, goflow, push, hold } = await openBoard();
  const ended = [await push('ok', 40), await push('fail', 3)] as const;
  await goflow.waitAll(ended.flat());
  const ids: Readonly<Record<string, readonly TaskId[]>> = {
    completed: ended[0],
    failed: ended[1],
    active: await hold(),
    waiting: await push('wait', 30),
    prioritized: await push('first', 2, { priority: 5 }),
    delayed: await push('late', 4, { delay: '1h' }),
  };
  const counts = Object.entries(ids).map(([state, { length }]) => [state, length] as const);
  expect(await queue.getJobCounts()).toEqual(countsOf(Object.fromEntries(counts)));
  const own = { completed: 40, failed: 3, active: MOST, waiting: 32, delayed: 4 };
  expect(await goflow.counts()).toMatchObject(own);
  for (const [state, tasks] of Object.entries(ids)) {
    const jobs = await queue.getJobs([state as 'active'], 0, 99);
    expect(jobs.map(({ id = '' }) => id).toSorted()).toEqual(tasks.map(bullIdOf).toSorted());
    const [job] = await jobsOf(queue, tasks.slice(0, 1));
    expect(await job?.getState()).toBe(state);
    expect(job?.toJSON()).toMatchObject({ name: 'step', data: expect.stringMatching(/ 0$/) });
  }
  const [done, failed] = await jobsOf(queue, [ended[0][0] ?? '', ended[1][0] ?? '']);
  expect(done?.toJSON()).toMatchObject({ returnvalue: 'did ok 0', attemptsMade: 1 });
  expect(failed?.toJSON()).toMatchObject({ failedReason: 'no fail 0', attemptsMade: 1 });
  expect(failed?.stacktrace?.[0]).toMatch(/^TypeError: no fail 0\n/);
  const { logs } = await queue.getJobLogs(done?.id ?? '');
  expect(logs).toEqual([expect.stringContaining('this is ok 0')]);
});

const UNKNOWN = (id: TaskId) => ({ id, status: 'unknown' });

test('raw pause and resume: goflow’s worker takes nothing, not even with the end of what it runs', async () => {
  const { queue, goflow, barrier, ran, push, hold } = await openBoard();
  const held = await hold();
  const waiting = await push('wait', 40);
  await queue.pause();
  expect(await queue.isPaused()).toBe(true);
  barrier.open();
  await goflow.waitAll(held);
  const later = await push('later', 40);
  // It would have been taken with the last end, or by the push.
  expect(await goflow.counts()).toMatchObject({ completed: MOST, waiting: 80, active: 0 });
  expect(ran).toHaveLength(MOST);
  await queue.resume();
  const results = await goflow.waitAll([...waiting, ...later]);
  expect(results.map(({ status }) => status)).toEqual(range(0, 80).map(() => 'completed'));
  expect(ran.slice(MOST).toSorted()).toEqual(
    [...named('wait', 40), ...named('later', 40)].toSorted(),
  );
});

test('raw retry of goflow’s tasks runs them again, those that failed and those that completed', async () => {
  const { queue, goflow, ran, state, push } = await openBoard();
  const ids = await push('fail', 40);
  const done = await push('ok', 20);
  await goflow.waitAll([...ids, ...done]);
  expect(await goflow.counts()).toMatchObject({ completed: 20, failed: 40 });
  state.isMended = true;
  const [failed, completed] = [await jobsOf(queue, ids), await jobsOf(queue, done)];
  await failed[0]?.updateData('another payload');
  await Promise.all(failed.map((job) => job.retry('failed')));
  await Promise.all(completed.map((job) => job.retry('completed')));
  const results = await goflow.waitAll([...ids, ...done]);
  expect(results.map((result) => result.status === 'completed' && result.value)).toEqual(
    ['another payload', ...named('fail', 40).slice(1), ...named('ok', 20)].map((n) => `did ${n}`),
  );
  expect(await goflow.getResult(ids[1] ?? '')).toMatchObject({ status: 'completed', attempts: 2 });
  expect(ran).toHaveLength(120);
  expect(await queue.getJobCounts()).toEqual(countsOf({ completed: 60 }));
});

test('raw promote and duplicate: goflow’s worker runs what was delayed, and the copy', async () => {
  const { queue, goflow, ran, push } = await openBoard();
  const late = await push('late', 40, { delay: '1h' });
  const [first] = await jobsOf(queue, late);
  await first?.promote();
  expect(await goflow.wait(late[0] ?? '')).toBe('did late 0');
  await queue.promoteJobs();
  const results = await goflow.waitAll(late);
  expect(results.every(({ status }) => status === 'completed')).toBe(true);
  // Options as they are in the job, where goflow's own are, too.
  const [job] = await jobsOf(queue, await push('ok', 1));
  const copy = await queue.add(job?.name ?? '', 'a copy', job?.opts);
  await until(async () => (await goflow.counts()).completed === 42, { what: 'both to complete' });
  expect(await copy.getState()).toBe('completed');
  expect(ran.toSorted()).toEqual([...named('late', 40), 'ok 0', 'a copy'].toSorted());
});

test('raw remove, drain and clean: what is gone is unknown to goflow’s client, the rest runs', async () => {
  const { queue, goflow, ran, push } = await openBoard();
  await queue.pause();
  const [removed, kept] = [await push('removed', 20), await push('kept', 20)];
  const waiting = goflow.wait(removed[0] ?? '').catch((error: unknown) => error);
  await Promise.all((await jobsOf(queue, removed)).map((job) => job.remove()));
  expect(await waiting).toMatchObject({ code: 'TASK_UNKNOWN' });
  for (const id of removed) {
    expect(await goflow.getResult(id)).toEqual(UNKNOWN(id));
    expect(await goflow.status(id)).toEqual(UNKNOWN(id));
  }
  await queue.resume();
  await goflow.waitAll(kept);
  expect(ran.toSorted()).toEqual(named('kept', 20).toSorted());
  await queue.pause();
  const drained = await push('drained', 20);
  await queue.drain();
  // Their ends are in the time of Redis, the clean is in the time of this process.
  const clean = async () => {
    await queue.clean(0, Number.MAX_SAFE_INTEGER, 'completed');
    return (await goflow.counts()).completed === 0;
  };
  await until(clean, { what: 'all to be cleaned away' });
  for (const id of [...kept, ...drained]) expect(await goflow.getResult(id)).toEqual(UNKNOWN(id));
  expect(await queue.getJobCounts()).toEqual(countsOf({}));
});

test('a task that was removed while it ran, and one that Redis refuses to end, fail alone in their call', async () => {
  const { place, queue, goflow, worker, barrier, push, hold } = await openBoard();
  const held = await hold();
  const [removed = '', refused = ''] = held.slice(7);
  const lost: string[] = [];
  worker.on('task:lost', ({ task }) => lost.push(task.id));
  const calls = await watchCalls(place);
  const redis = openRedis(place.redis);
  const lockOf = (id: TaskId) => `${place.prefix}:{default}:${bullIdOf(id)}:lock`;
  const [job] = await jobsOf(queue, [removed]);
  await expect(job?.remove()).rejects.toThrow(/locked/);
  // As when the worker was away for longer than the lease.
  await redis.del(lockOf(removed));
  await job?.remove();
  await redis.del(lockOf(refused));
  await redis.lpush(lockOf(refused), 'a list where a text is expected');
  barrier.open();
  await until(async () => (await goflow.counts()).completed === MOST - 2, { what: 'the others' });
  await until(() => lost.length === 1, { what: 'one to be lost' });
  await calls.stop();
  // One call for all, and none was sent again.
  expect(calls.ended(held.map(bullIdOf))).toEqual([MOST]);
  const others = await goflow.waitAll(held.filter((id) => id !== removed && id !== refused));
  expect(others.every(({ status }) => status === 'completed')).toBe(true);
  expect(lost).toEqual([removed]);
  expect(await goflow.getResult(removed)).toEqual(UNKNOWN(removed));
  expect(await goflow.getResult(refused)).toMatchObject({ status: 'active' });
  expect(await goflow.waitAll(await push('next', 20))).toHaveLength(20);
});

test('raw jobs that are no JSON, taken with the ends of a burst, fail alone', async () => {
  const { place, queue, goflow, barrier, ran, push, hold } = await openBoard();
  const held = await hold();
  const before = await push('before', 5);
  const jobs = await Promise.all(
    range(0, 3).map((n) => queue.add('step', 'raw', { jobId: rawId(n) })),
  );
  const redis = openRedis(place.redis);
  for (const { id } of jobs) await redis.hset(`${place.prefix}:{default}:${id}`, 'data', '{"no');
  const after = await push('after', 40);
  barrier.open();
  const results = await goflow.waitAll([...held, ...before, ...after]);
  expect(results.every(({ status }) => status === 'completed')).toBe(true);
  for (const { id } of jobs)
    await until(async () => (await goflow.getResult(`default:${id}`)).status === 'failed', {
      what: `${id} to fail`,
    });
  expect(await goflow.getResult(`default:${rawId(0)}`)).toMatchObject({
    failure: { code: 'ENVELOPE_UNREADABLE' },
  });
  expect(ran).toHaveLength(MOST + 45);
  expect(await queue.getJobCounts()).toEqual(countsOf({ completed: MOST + 45, failed: 3 }));
});

test('a push that Redis refuses does not disturb those of its call', async () => {
  const { place, queue, goflow, push } = await openBoard();
  await queue.pause();
  // A text is expected where the task of a deduplication key is noted.
  await openRedis(place.redis).lpush(`${place.prefix}:{default}:de:step:key`, 'a list');
  const calls = await watchCalls(place);
  const [before, refused, after] = await Promise.allSettled([
    push('before', 7),
    goflow.push('step', 'refused', { deduplicationKey: 'key' }),
    push('after', 8),
  ]);
  expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'BROKER_REFUSED' } });
  if (before.status !== 'fulfilled' || after.status !== 'fulfilled')
    return expect.fail('the others were refused, too');
  const ids = [...before.value, ...after.value];
  await calls.stop();
  expect(calls.added(ids.map(bullIdOf))).toEqual([MOST - 1]);
  // None was sent again.
  expect(calls.ended(ids.map(bullIdOf))).toEqual([MOST - 1]);
  expect(await queue.getJobCounts()).toEqual(countsOf({ waiting: MOST - 1 }));
  await queue.resume();
  const results = await goflow.waitAll(ids);
  expect(results.every(({ status }) => status === 'completed')).toBe(true);
});
