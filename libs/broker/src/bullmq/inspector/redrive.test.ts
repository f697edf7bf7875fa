import { until } from '@goflow/testing';
import { Queue, Worker } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { openPlanted, type Planted, type PlantedJob } from './planted-jobs.test-d.js';
import { readDetails } from './read-detail.js';
import { discardTask, redriveTask } from './redrive.js';

const idOf = (unique: string): string => `default:${unique}`;

async function read(planted: Planted, unique: string) {
  const [detail] = await readDetails(planted, [idOf(unique)], { withLogs: true });
  return detail;
}

/** By the clock of Redis. */
async function timeOf({ redis }: Planted): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}

/** All that Redis holds of one prefix. */
async function everything({ redis, prefix }: Planted): Promise<string[]> {
  return (await redis.keys(`${prefix}*`)).sort();
}

const options = {
  attempts: 3,
  priority: 7,
  sb: 1_753_000_000_000,
  dl: 1_753_000_000_001,
  to: 5_000,
  backoff: { type: 'exponential', delay: 1_000, jitter: 0.1, maxDelay: 31_622_400_000 },
  tags: ['eu/"sb":1'],
  ret: [1, 31_622_400_000],
  de: { id: 'repeater:k', ttl: 2_147_483_647 },
};
const failed: PlantedJob = {
  options,
  fields: {
    atm: 3,
    ats: 5,
    stc: 2,
    priority: 7,
    delay: 9,
    progress: '50',
    pb: 'w',
    defa: 'x',
    tol: 2,
    h1: '[1,2,3,"w","E","m","C"]',
    h49: '[]',
    stacktrace: '["s"]',
  },
};

test.each(['failed', 'expired', 'cancelled'] as const)(
  'a task that is %s goes back to its queue, with all its attempts before it',
  async (set) => {
    const planted = openPlanted();
    const { redis } = planted;
    const unique = await planted.finished(set, 5, failed);
    await redis.zadd(planted.key('retained'), 9, unique);
    for (const hash of ['suspects', 'cancelling']) await redis.hset(planted.key(hash), unique, 'x');
    const before = await timeOf(planted);
    expect(await redriveTask(planted, idOf(unique))).toEqual({ found: set, done: true });
    const detail = await read(planted, unique);
    expect(detail).toMatchObject({
      state: 'delayed',
      attempts: 0,
      starts: 5,
      stalls: 0,
      payload: 'x',
      priority: 7,
      maxAttempts: 3,
      timeoutMs: 5_000,
      tags: options.tags,
      history: [],
      backoff: { jitter: 0.1, maxDelayMs: 31_622_400_000 },
      retention: { completedMs: 1, failedMs: 31_622_400_000 },
    });
    for (const name of [
      'startBy',
      'deadline',
      'failure',
      'startedAt',
      'finishedAt',
      'progress',
    ] as const)
      expect(detail?.[name], name).toBeUndefined();
    const dueAt = detail?.dueAt ?? 0;
    expect(dueAt).toBeGreaterThanOrEqual(before);
    expect(dueAt).toBeLessThanOrEqual(await timeOf(planted));
    expect(await redis.zrange(planted.key('marker'), 0, '-1', 'WITHSCORES')).toEqual([
      '1',
      `${dueAt}`,
    ]);
    const left = [planted.key(unique), planted.key('delayed'), planted.key('marker')];
    expect(await everything(planted)).toEqual(left.sort());
    // That its workers died was told of the task as it was.
    expect(await redis.hexists(planted.key(unique), 'tol')).toBe(0);
    const stored = JSON.parse((await redis.hget(planted.key(unique), 'opts')) ?? '') as object;
    const { sb: _, dl: __, ...kept } = options;
    expect(stored).toEqual(kept);
  },
);

test('another payload may be given, and options without a time are not touched', async () => {
  const planted = openPlanted();
  const text = '{"attempts":2,"foreign":[],"large":12345678901234567890,"tags":["sb","dl"]}';
  const unique = await planted.finished('failed', 5, { fields: { opts: text } });
  const payload = { payloadJson: '{"n":2}' };
  expect(await redriveTask(planted, idOf(unique), payload)).toMatchObject({ done: true });
  expect(await planted.redis.hmget(planted.key(unique), 'data', 'opts')).toEqual(['{"n":2}', text]);
  const empty = await planted.finished('failed', 5);
  await redriveTask(planted, idOf(empty), { payloadJson: '""' });
  expect(await planted.redis.hget(planted.key(empty), 'data')).toBe('""');
  const broken = await planted.finished('failed', 5, { fields: { opts: '{"sb":1' } });
  expect(await redriveTask(planted, idOf(broken))).toMatchObject({ done: true });
  expect(await planted.redis.hget(planted.key(broken), 'opts')).toBe('{"sb":1');
});

test.each([
  ['{}', 2, '{"v":2}'],
  ['{"attempts":2,"tags":[]}', 2, '{"attempts":2,"tags":[],"v":2}'],
  ['{"v":2}', 3, '{"v":3}'],
  ['{"v":2,"attempts":2}', 3, '{"attempts":2,"v":3}'],
  ['{"attempts":2,"v":2,"r":"a"}', undefined, '{"attempts":2,"r":"a"}'],
  ['{"attempts":2,"v":12}', undefined, '{"attempts":2}'],
  ['{"v":2}', undefined, '{}'],
  ['{"tags":[",\\"v\\":7,","\\"v\\":7"]}', 2, '{"tags":[",\\"v\\":7,","\\"v\\":7"],"v":2}'],
])(
  'the version of the envelope is that of the payload: %s and %s',
  async (opts, version, after) => {
    const planted = openPlanted();
    const unique = await planted.finished('failed', 5, { fields: { opts } });
    await redriveTask(planted, idOf(unique), { payloadJson: '1', envelopeVersion: version });
    expect(await planted.redis.hget(planted.key(unique), 'opts')).toBe(after);
    const untouched = await planted.finished('failed', 5, { fields: { opts } });
    await redriveTask(planted, idOf(untouched));
    expect(await planted.redis.hget(planted.key(untouched), 'opts')).toBe(opts);
  },
);

test('what is open, has completed or is gone is told, and not touched', async () => {
  const planted = openPlanted();
  const uniques = {
    waiting: await planted.waiting(),
    delayed: await planted.delayed(9_000),
    active: await planted.active(),
    completed: await planted.finished('completed', 5),
    unknown: planted.unique(),
  };
  const before = await everything(planted);
  for (const [found, unique] of Object.entries(uniques)) {
    const payload = { payloadJson: '1' };
    expect(await redriveTask(planted, idOf(unique), payload)).toEqual({ found, done: false });
    if (found !== 'completed')
      expect(await discardTask(planted, idOf(unique))).toEqual({ found, done: false });
    expect(await planted.redis.hget(planted.key(unique), 'data')).not.toBe('1');
  }
  for (const id of ['', 'default:', 'default:*', 'x'])
    for (const administer of [redriveTask, discardTask])
      expect(await administer(planted, id)).toEqual({ found: 'unknown', done: false });
  expect(await everything(planted)).toEqual(before);
});

test('of ten who redrive a task at once, one does', async () => {
  const planted = openPlanted();
  const unique = await planted.finished('failed', 5);
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => redriveTask(planted, idOf(unique))),
  );
  expect(answers.filter(({ done }) => done)).toHaveLength(1);
  expect(answers.filter(({ found }) => found === 'delayed')).toHaveLength(9);
});

test('BullMQ takes redriven tasks at once, in the order of their priority', async () => {
  const planted = openPlanted();
  const { redis, prefix } = planted;
  const later = await planted.finished('failed', 5, { fields: { priority: 9 } });
  const sooner = await planted.finished('failed', 5, { fields: { priority: 2 } });
  const connection = redis.duplicate({ maxRetriesPerRequest: null });
  const run: string[] = [];
  const worker = new Worker('{default}', async (job) => run.push(job.id ?? ''), {
    connection,
    prefix,
    autorun: false,
    concurrency: 1,
  });
  onTestFinished(async () => {
    await worker.close();
    connection.disconnect();
  });
  for (const unique of [later, sooner]) await redriveTask(planted, idOf(unique));
  void worker.run();
  await until(() => run.length === 2, { what: 'both have run' });
  expect(run).toEqual([sooner, later]);
  await until(() => redis.zcard(planted.key('completed')).then((count) => count === 2), {
    what: 'both ended',
  });
  expect(await read(planted, sooner)).toMatchObject({ state: 'completed', attempts: 1, starts: 2 });
  // Now that the worker waits, the marker wakes it.
  const third = await planted.finished('failed', 5);
  await redriveTask(planted, idOf(third));
  await until(() => run.length === 3, { what: 'the third has run' });
});

test.each(['completed', 'failed', 'expired', 'cancelled'] as const)(
  'a task that is %s is discarded with all that belongs to it',
  async (set) => {
    const planted = openPlanted();
    const { redis } = planted;
    const fields = { deid: 'repeater:k' };
    const unique = await planted.finished(set, 5, { options: { tags: ['eu', 'us'] }, fields });
    await redis.rpush(planted.key(`${unique}:logs`), 'line');
    for (const index of ['retained', 'tag:eu', 'tag:us'])
      await redis.zadd(planted.key(index), 9, unique);
    for (const hash of ['suspects', 'cancelling']) await redis.hset(planted.key(hash), unique, 'x');
    await redis.set(planted.key('de:repeater:k'), unique);
    expect(await discardTask(planted, idOf(unique))).toEqual({ found: set, done: true });
    expect(await everything(planted)).toEqual([]);
    expect(await discardTask(planted, idOf(unique))).toEqual({ found: 'unknown', done: false });
  },
);

test('a discarded task leaves others alone, and the time of a deduplication window', async () => {
  const planted = openPlanted();
  const { redis } = planted;
  const [one, other] = [planted.unique(), planted.unique()];
  for (const unique of [one, other]) {
    await planted.finished('failed', 5, {
      unique,
      options: { tags: ['eu'] },
      fields: { deid: 'k' },
    });
    await redis.zadd(planted.key('tag:eu'), 5, unique);
  }
  await redis.set(planted.key('de:k'), one, 'PX', 60_000);
  await discardTask(planted, idOf(one));
  expect(await redis.get(planted.key('de:k'))).toBe(one);
  expect(await redis.zrange(planted.key('tag:eu'), 0, '-1')).toEqual([other]);
  await redis.set(planted.key('de:k'), 'somebody else');
  await discardTask(planted, idOf(other));
  expect(await redis.get(planted.key('de:k'))).toBe('somebody else');
});

test('a job whose options are no JSON can be discarded', async () => {
  const planted = openPlanted();
  const uniques = [];
  for (const opts of ['{"tags":', '5', '{"tags":{"a":1}}', '{"tags":[1,{}]}'])
    uniques.push(await planted.finished('failed', 5, { fields: { opts } }));
  for (const unique of uniques)
    expect(await discardTask(planted, idOf(unique))).toMatchObject({ done: true });
  expect(await everything(planted)).toEqual([]);
});

test('a job that BullMQ itself gave up on is redriven, too', async () => {
  const planted = openPlanted();
  const { redis, prefix } = planted;
  const connection = redis.duplicate({ maxRetriesPerRequest: null });
  const queue = new Queue('{default}', { connection, prefix });
  const worker = new Worker('{default}', () => Promise.reject(new Error('no')), {
    connection,
    prefix,
  });
  onTestFinished(async () => {
    await Promise.all([queue.close(), worker.close()]);
    connection.disconnect();
  });
  const unique = planted.unique();
  await queue.add('repeater', 'x', { jobId: unique, priority: 1 });
  await until(() => redis.zscore(planted.key('failed'), unique), { what: 'it has failed' });
  await worker.pause();
  expect(await redriveTask(planted, idOf(unique))).toEqual({ found: 'failed', done: true });
  expect(await queue.getJobState(unique)).toBe('delayed');
});
