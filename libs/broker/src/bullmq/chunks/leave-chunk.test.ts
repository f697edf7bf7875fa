import type { TaskFailure } from '@goflow/shared';
import type { Job } from 'bullmq';
import { expect, test } from 'vitest';
import { fromStored } from '../job-codec.js';
import { Lease } from '../lease.js';
import { TakenJob } from '../taken-job.js';
import { ChunkRig, leave, numbered, PUSHED_AT } from './chunk-rig.test-d.js';
import { type Ended, leavingOf } from './leave-chunk.js';

const failure: TaskFailure = { name: 'TypeError', message: 'no', code: 'HANDLER_FAILED' };
const ENDED_AT = PUSHED_AT + 100;
/** As BullMQ scores what is delayed. */
const PER_MS = 0x1000;

const job = {
  id: 'A'.repeat(22),
  name: 'repeater',
  data: ['"0"'],
  attemptsMade: 0,
  attemptsStarted: 1,
  stalledCounter: 0,
  timestamp: PUSHED_AT,
  opts: {},
};
const task = new TakenJob({
  queue: 'default',
  job: job as unknown as Job,
  token: 'token',
  lease: new Lease(),
  report: async () => undefined,
  ofChunk: { index: 3, payload: 'x' },
});

const ended = (verdict: Ended['verdict'], given: Partial<Ended> = {}): Ended => ({
  index: 3,
  task,
  verdict,
  startedAt: PUSHED_AT + 60,
  endedAt: ENDED_AT,
  worker: 'w',
  ...given,
});

test('one that is tried again waits for its backoff, with one attempt in its history', () => {
  const leaving = leavingOf(ended({ kind: 'retry', failure, delayMs: 70 }));
  expect(leaving).toMatchObject({ index: 3, state: 'delayed', at: ENDED_AT + 70, isBegun: false });
  expect(leaving.fields).toMatchObject({
    atm: 1,
    delay: 70,
    processedOn: PUSHED_AT + 60,
    failedReason: 'no',
    h1: JSON.stringify([1, PUSHED_AT + 60, ENDED_AT, 'w', 'TypeError', 'HANDLER_FAILED', 'no']),
  });
  const { failedReason, stacktrace } = leaving.fields;
  expect(fromStored(String(failedReason), String(stacktrace))).toMatchObject(failure);
});

test.each(['failed', 'cancelled', 'expired'] as const)('one that %s is among those', (kind) => {
  const leaving = leavingOf(ended({ kind, failure }));
  expect(leaving).toMatchObject({ state: kind, at: ENDED_AT, isBegun: false });
  expect(leaving.fields).toMatchObject({ atm: 1, processedOn: PUSHED_AT + 60, failedReason: 'no' });
  expect(Object.keys(leaving.fields).filter((name) => /^h\d/.test(name))).toEqual([]);
});

test('one that was never begun spent no attempt and has no start', () => {
  const verdict = { kind: 'cancelled', failure, isUnspent: true } as const;
  const { fields } = leavingOf(ended(verdict, { startedAt: undefined }));
  expect(fields).toMatchObject({ atm: 0 });
  expect(fields).not.toHaveProperty('processedOn');
});

test('one that snoozes spent no attempt, waits, and was begun in time', () => {
  const verdict = { kind: 'handed-back', reason: 'snoozed', delayMs: 500 } as const;
  const leaving = leavingOf(ended(verdict));
  expect(leaving).toMatchObject({ state: 'delayed', at: ENDED_AT + 500, isBegun: true });
  expect(leaving.fields).toEqual({ processedOn: PUSHED_AT + 60, delay: 500, due: ENDED_AT + 500 });
});

test('it is a job of its own then, with its payload and what its push said', async () => {
  const rig = new ChunkRig();
  const tags = ['"c":7', 'c', '{,'];
  const given = { tags, timeoutMs: 5, maxAttempts: 4, priority: 2, replyTo: 'c' };
  const held = await rig.taken(['{"c":1}', '"a\\nb,"', '[",\\n"]'], given);
  for (const index of [0, 1, 2]) expect(await leave(held, index)).toBe(true);
  const jobs = await Promise.all([0, 1, 2].map((index) => rig.job(`${held.chunk}.${index}`)));
  expect(jobs.map(({ data }) => data)).toEqual(['{"c":1}', '"a\\nb,"', '[",\\n"]']);
  const { c, ...options } = JSON.parse((await rig.job(held.chunk)).opts ?? '');
  expect(c).toBe(3);
  expect(options).toMatchObject({ tags, to: 5, attempts: 4, priority: 2, r: 'c' });
  for (const one of jobs) {
    expect(JSON.parse(one.opts ?? '')).toEqual(options);
    expect(one).toMatchObject({
      name: 'repeater',
      timestamp: `${PUSHED_AT}`,
      delay: '0',
      priority: '2',
      ats: '1',
      atm: '1',
      pb: 'the worker',
      failedReason: 'why',
      finishedOn: `${PUSHED_AT + 100}`,
    });
  }
});

test.each(['{"c":3}', '{"c":3,"a":1}', '{"a":1,"c":3}', '{"a":1,"c":3,"b":{"d":[]}}'])(
  'nothing says any more that it is a chunk: %s',
  async (opts) => {
    const rig = new ChunkRig();
    const held = await rig.taken(numbered(3));
    await rig.redis.hset(rig.key(held.chunk), 'opts', opts);
    await leave(held, 1);
    const { c: _, ...rest } = JSON.parse(opts);
    expect(JSON.parse((await rig.job(`${held.chunk}.1`)).opts ?? '')).toEqual(rest);
  },
);

test('startBy is taken off one that was begun in time, and off no other', async () => {
  const rig = new ChunkRig();
  const startBy = PUSHED_AT + 1_000;
  const held = await rig.taken(numbered(2), { startBy, deadline: startBy, tags: ['"sb":1'] });
  const optionsOf = async (index: number) =>
    JSON.parse((await rig.job(`${held.chunk}.${index}`)).opts ?? '');
  await leave(held, 0, { state: 'delayed', isBegun: true });
  expect(await optionsOf(0)).toEqual({ dl: startBy, tags: ['"sb":1'] });
  await leave(held, 1, { state: 'delayed' });
  expect(await optionsOf(1)).toEqual({ sb: startBy, dl: startBy, tags: ['"sb":1'] });
});

test('it lies where a task of its state lies, and a worker that waits hears of it', async () => {
  const rig = new ChunkRig();
  const { redis, key } = rig;
  const held = await rig.taken(numbered(5));
  await redis.del(key('marker'));
  for (const [index, state] of (['failed', 'cancelled', 'expired'] as const).entries()) {
    await leave(held, index, { state });
    expect(await redis.zrange(key(state), '0', '-1', 'WITHSCORES')).toEqual([
      `${held.chunk}.${index}`,
      `${PUSHED_AT + 100}`,
    ]);
  }
  expect(await redis.exists(key('marker'))).toBe(0);
  await leave(held, 3, { state: 'delayed', at: ENDED_AT + 70 });
  await leave(held, 4, { state: 'delayed', at: ENDED_AT + 999 });
  expect(await redis.zrange(key('delayed'), '0', '-1', 'WITHSCORES')).toEqual([
    `${held.chunk}.3`,
    `${(ENDED_AT + 70) * PER_MS}`,
    `${held.chunk}.4`,
    `${(ENDED_AT + 999) * PER_MS}`,
  ]);
  expect(await redis.zrange(key('marker'), '0', '-1', 'WITHSCORES')).toEqual([
    '1',
    `${ENDED_AT + 70}`,
  ]);
  expect(await rig.job(`${held.chunk}.3`)).not.toHaveProperty('finishedOn');
});

test('it leaves once: sent again nothing changes, whatever became of it meanwhile', async () => {
  const rig = new ChunkRig();
  const held = await rig.taken(numbered(3));
  await leave(held, 1);
  const counts = await rig.counts();
  expect(counts).toEqual({ jobs: 1, open: 2 });
  await rig.redis.hset(rig.key(`${held.chunk}.1`), 'atm', 7);
  expect(await leave(held, 1, { state: 'expired' })).toBe(true);
  expect(await rig.counts()).toEqual(counts);
  expect(await rig.job(`${held.chunk}.1`)).toMatchObject({ atm: '7', failedReason: 'why' });
  expect(await rig.redis.exists(rig.key('expired'))).toBe(0);
});

test('its progress goes with it, and that of its neighbours stays', async () => {
  const rig = new ChunkRig();
  const held = await rig.taken(numbered(3));
  await rig.redis.hset(rig.key(held.chunk), { g1: '{"done":1}', g2: '2' });
  await leave(held, 1);
  await leave(held, 0);
  expect(await rig.job(`${held.chunk}.1`)).toMatchObject({ progress: '{"done":1}' });
  expect(await rig.job(`${held.chunk}.0`)).not.toHaveProperty('progress');
  const chunk = await rig.job(held.chunk);
  expect(chunk).toMatchObject({ g2: '2', x0: '1', x1: '1' });
  expect(chunk).not.toHaveProperty('g1');
});

test('it is found by its tags, and goes when its push said', async () => {
  const rig = new ChunkRig();
  const { redis, key } = rig;
  const retention = { completedMs: 5, failedMs: 60_000 };
  const held = await rig.taken(numbered(2), { tags: ['eu'], retention });
  await leave(held, 0);
  await leave(held, 1, { state: 'delayed' });
  expect((await redis.zrange(key('tag:eu'), '0', '-1')).sort()).toEqual([
    held.chunk,
    `${held.chunk}.0`,
    `${held.chunk}.1`,
  ]);
  expect(await redis.zscore(key('tag:eu'), `${held.chunk}.0`)).toBe(`${PUSHED_AT}`);
  expect(await redis.zrange(key('retained'), '0', '-1', 'WITHSCORES')).toEqual([
    `${held.chunk}.0`,
    `${ENDED_AT + 60_000}`,
  ]);
});

test.each([
  '{"c":3,"tags":[{"a":1},7,"eu"],"ret":["x","y"]}',
  '{"c":3,"tags":"eu","ret":5}',
  '{"c":3,"tags":[],"ret":',
])('options that somebody broke keep nobody in: %s', async (opts) => {
  const rig = new ChunkRig();
  const held = await rig.taken(numbered(3));
  await rig.redis.hset(rig.key(held.chunk), 'opts', opts);
  expect(await leave(held, 1)).toBe(true);
  expect(await rig.redis.zrange(rig.key('failed'), '0', '-1')).toEqual([`${held.chunk}.1`]);
});

test.each([
  ['"large"', { resultJson: '"large"' }],
  ['null ', { resultJson: undefined }],
  ['null  ', { resultJson: '1', isStored: true }],
] as const)('one that completed, and found no room: its result is %j', async (stored, result) => {
  const leaving = leavingOf(ended({ kind: 'completed', ...result }));
  const fields = { processedOn: PUSHED_AT + 60, returnvalue: stored, atm: 1 };
  expect(leaving).toEqual({ index: 3, state: 'completed', at: ENDED_AT, isBegun: false, fields });
  const rig = new ChunkRig();
  const { redis, key } = rig;
  const retention = { completedMs: 5, failedMs: 60_000 };
  const held = await rig.taken(numbered(4), { retention });
  for (let time = 0; time < 2; time += 1) expect(await leave(held, 3, leaving)).toBe(true);
  const unique = `${held.chunk}.3`;
  expect(await rig.job(unique)).toMatchObject({ returnvalue: stored, finishedOn: `${ENDED_AT}` });
  const entry = [unique, `${ENDED_AT}`];
  expect(await redis.zrange(key('completed'), '0', '-1', 'WITHSCORES')).toEqual(entry);
  expect(await redis.zscore(key('retained'), unique)).toBe(`${ENDED_AT + 5}`);
  // It counts as the job that it is, and not in its chunk.
  expect(await rig.counts()).toEqual({ jobs: 1, open: 3 });
  const events = await redis.xrevrange(key('events'), '+', '-', 'COUNT', 2);
  const told = ['event', 'completed', 'jobId', unique, 'returnvalue', stored, 'prev', 'active'];
  expect(events[0]?.[1]).toEqual(told);
  expect(events[1]?.[1]).not.toContain('completed');
});

test('no more events are kept than the queue is to keep', async () => {
  const rig = new ChunkRig();
  const { redis, key } = rig;
  const held = await rig.taken(numbered(300));
  await redis.hset(key('meta'), 'opts.maxLenEvents', 5);
  const fields = { returnvalue: '1' };
  for (let index = 0; index < 300; index += 1)
    await leave(held, index, { state: 'completed', fields });
  // Redis drops them a hundred at a time.
  expect(await redis.xlen(key('events'))).toBeLessThan(150);
});
