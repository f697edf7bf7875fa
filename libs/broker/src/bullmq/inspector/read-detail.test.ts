import { toFailure } from '@goflow/shared';
import { expect, test } from 'vitest';
import { toHistoryField, toStackText } from '../job-codec.js';
import { openPlanted, type Planted } from './planted-jobs.test-d.js';
import { readDetails } from './read-detail.js';

async function readOne(planted: Planted, unique: string) {
  const [detail] = await readDetails(planted, [`default:${unique}`], { withLogs: true });
  return detail;
}

test('a task is read with all that its push said', async () => {
  const planted = openPlanted();
  const unique = await planted.job({
    pushedAt: 5_000,
    options: {
      attempts: 3,
      backoff: { type: 'fixed', delay: 7, jitter: 0, maxDelay: 9 },
      sb: 11,
      dl: 12,
      to: 13,
      tags: ['eu', 'vip'],
      ret: [14, 15],
      tp: '00-a-b-01',
    },
    fields: { data: '{"a":1}', priority: 4, deid: 'repeater:key', ats: 2, stc: 1, progress: '50' },
  });
  await planted.redis.lpush(planted.key('wait'), unique);
  expect(await readOne(planted, unique)).toEqual({
    id: `default:${unique}`,
    queue: 'default',
    type: 'repeater',
    state: 'waiting',
    attempts: 0,
    pushedAt: 5_000,
    payload: { a: 1 },
    priority: 4,
    starts: 2,
    stalls: 1,
    progress: 50,
    deduplicationKey: 'key',
    tags: ['eu', 'vip'],
    maxAttempts: 3,
    backoff: { type: 'fixed', delayMs: 7, jitter: 0, maxDelayMs: 9 },
    timeoutMs: 13,
    startBy: 11,
    deadline: 12,
    retention: { completedMs: 14, failedMs: 15 },
    traceparent: '00-a-b-01',
    log: [],
    history: [],
  });
});

test('every state is told', async () => {
  const planted = openPlanted();
  const uniques = {
    waiting: await planted.waiting(),
    delayed: await planted.delayed(9_000),
    active: await planted.active(),
    completed: await planted.finished('completed', 1),
    failed: await planted.finished('failed', 1),
    cancelled: await planted.finished('cancelled', 1),
    expired: await planted.finished('expired', 1),
  };
  const ids = Object.values(uniques).map((unique) => `default:${unique}`);
  const details = await readDetails(planted, ids, { withLogs: false });
  expect(details.map((detail) => detail?.state)).toEqual(Object.keys(uniques));
  expect(details[1]?.dueAt).toBe(9_000);
});

test('the history of a task is what ended before, and its last attempt', async () => {
  const planted = openPlanted();
  const failure = { name: 'TypeError', message: 'no', code: 'E_NO' };
  const ended = (attempt: number) =>
    toHistoryField({
      attempt,
      startedAt: attempt * 100,
      endedAt: attempt * 100 + 50,
      worker: 'w1',
      failure,
    });
  const before = { ...ended(2), ...ended(1) };
  const running = await planted.active({
    fields: { ...before, atm: 2, processedOn: 300, pb: 'w2' },
  });
  const past = [1, 2].map((attempt) => ({
    attempt,
    startedAt: new Date(attempt * 100),
    endedAt: new Date(attempt * 100 + 50),
    worker: 'w1',
    outcome: 'retry',
    failure,
  }));
  const last = { attempt: 3, startedAt: new Date(300), worker: 'w2' };
  expect((await readOne(planted, running))?.history).toEqual([
    ...past,
    { ...last, outcome: 'active' },
  ]);

  const stacktrace = JSON.stringify([
    toStackText(toFailure(Object.assign(new TypeError('end'), { code: 'E_END' }))),
  ]);
  const why = { failedReason: 'end', stacktrace };
  const failed = await planted.finished('failed', 350, {
    fields: { ...before, atm: 3, processedOn: 300, pb: 'w2', ...why },
  });
  expect((await readOne(planted, failed))?.history).toEqual([
    ...past,
    {
      ...last,
      endedAt: new Date(350),
      outcome: 'failed',
      failure: { name: 'TypeError', message: 'end', code: 'E_END' },
    },
  ]);
  const again = await planted.delayed(1, { fields: { ...before, atm: 2, processedOn: 200 } });
  expect((await readOne(planted, again))?.history).toEqual(past);
  // Cancelled while it waited to be tried again: no further attempt.
  const cancelled = await planted.finished('cancelled', 360, {
    fields: { ...before, atm: 2, processedOn: 200 },
  });
  expect((await readOne(planted, cancelled))?.history).toEqual(past);
});

test('a task that ended without being run has no attempt', async () => {
  const planted = openPlanted();
  const expired = await planted.finished('expired', 10, { fields: { atm: 1, processedOn: 9 } });
  const cancelled = await planted.job({
    fields: { finishedOn: 5, failedReason: 'the task was cancelled' },
  });
  await planted.redis.zadd(planted.key('cancelled'), 5, cancelled);
  expect(await readOne(planted, expired)).toMatchObject({ state: 'expired', history: [] });
  expect(await readOne(planted, cancelled)).toMatchObject({ state: 'cancelled', history: [] });
});

test('the last lines of the log come with the task, other programs’ not', async () => {
  const planted = openPlanted();
  const unique = await planted.active();
  const lines = [JSON.stringify([5, 'info', 'hello', 1, 7, { a: 1 }]), 'raw', '[]', '{}', '5'];
  await planted.redis.rpush(planted.key(`${unique}:logs`), ...lines);
  const log = [
    { at: new Date(5), level: 'info', message: 'hello', attempt: 1, seq: 7, fields: { a: 1 } },
  ];
  expect((await readOne(planted, unique))?.log).toEqual(log);
  const many = Array.from({ length: 150 }, (_, n) => JSON.stringify([n, 'info', `${n}`, 1]));
  await planted.redis.rpush(planted.key(`${unique}:logs`), ...many);
  const read = (await readOne(planted, unique))?.log;
  expect(read).toHaveLength(100);
  expect(read?.[0]?.message).toBe('50');
});

test('a result that lies elsewhere is told as such, nothing as nothing', async () => {
  const planted = openPlanted();
  const results = ['null  ', 'null ', 'null', '{broken'];
  const uniques = await Promise.all(
    results.map((returnvalue) => planted.finished('completed', 1, { fields: { returnvalue } })),
  );
  const ids = uniques.map((unique) => `default:${unique}`);
  const details = await readDetails(planted, ids, { withLogs: false });
  const told = details.map((task) => [task?.isStored, task?.result, task?.failure?.code]);
  expect(told).toEqual([
    [true, undefined, undefined],
    [undefined, undefined, undefined],
    [undefined, null, undefined],
    [undefined, undefined, 'ENVELOPE_UNREADABLE'],
  ]);
});

test('garbage in a job never throws, and hides no other', async () => {
  const planted = openPlanted();
  const garbage = {
    data: '{',
    progress: '[',
    atm: 'x',
    ats: '',
    h1: '{',
    h2: '[]',
    h3: 'null',
    processedOn: 'x',
  };
  const bad = await planted.job({
    pushedAt: Number.NaN,
    fields: { ...garbage, opts: '5', stacktrace: '{' },
  });
  const worse = planted.unique();
  await planted.redis.set(planted.key(worse), 'no hash');
  const listless = await planted.active({
    fields: { opts: '{"tags":{},"backoff":1,"ret":[1],"attempts":"2"}' },
  });
  await planted.redis.set(planted.key(`${listless}:logs`), 'no list');
  const nameless = planted.unique();
  await planted.redis.hset(planted.key(nameless), { progress: 1 });
  const good = await planted.waiting();
  const ids = [bad, worse, listless, nameless, good].map((unique) => `default:${unique}`);
  const read = await readDetails(planted, [...ids, 'no id'], { withLogs: true });
  expect(read[0]).toMatchObject({ attempts: 0, pushedAt: 0, history: [], tags: [] });
  expect(read[0]?.payload).toBeUndefined();
  expect(read[1]).toBeUndefined();
  expect(read[2]).toMatchObject({ state: 'active', tags: [], log: [] });
  expect([read[3], read[5]]).toEqual([undefined, undefined]);
  expect(read[4]).toMatchObject({ state: 'waiting', payload: 'x' });
});

test('many, of several queues, come in the order of the ids; large ones in bites', async () => {
  const planted = openPlanted();
  const uniques = Array.from({ length: 450 }, () => planted.unique());
  await Promise.all(uniques.map((unique) => planted.job({ unique })));
  const large = 'y'.repeat(1_500_000);
  const heavy = await Promise.all(
    [0, 1, 2, 3, 4, 5].map((n) => planted.job({ type: `t${n}`, fields: { data: `"${large}"` } })),
  );
  const ids = [...uniques, ...heavy].map((unique) => `default:${unique}`);
  const read = await readDetails(planted, ['other:AAAAAAAAAAAAAAAAAAAAAA', ...ids], {
    withLogs: false,
  });
  expect(read[0]).toBeUndefined();
  expect(read.slice(1).map((task) => task?.id)).toEqual(ids);
});

test('payload and result, which may be large, are left out where nobody asks for them', async () => {
  const planted = openPlanted();
  const fields = { data: '"large"', returnvalue: '"larger"', progress: '50', finishedOn: 7 };
  const unique = await planted.job({ fields });
  await planted.redis.zadd(planted.key('completed'), 7, unique);
  const read = (withValues: boolean) =>
    readDetails(planted, [`default:${unique}`], { withLogs: true, withValues });
  const [whole] = await read(true);
  const [rest] = await read(false);
  expect(whole).toMatchObject({ payload: 'large', result: 'larger' });
  expect(rest).toEqual({ ...whole, payload: undefined, result: undefined });
});
