import {
  defineTasks,
  type FinalState,
  GoflowError,
  type ResultStore,
  type TaskDetail,
  type TaskFailure,
  type TaskRecord,
  type TaskResult,
} from '@goflow/shared';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Answers, factsOf, toWaitError } from './task-answers.js';

const NOW = 1_800_000_000_000;
const ID = 'default:a234567890123456789012';
const FAILURE: TaskFailure = { name: 'Error', message: 'why', code: 'HANDLER_FAILED' };
/** Kept for 1 s when it completed, else for 5 s. */
const tasks = defineTasks({
  brief: {
    payload: z.any(),
    result: z.any(),
    retention: { completed: '1s', failed: '5s' },
  },
});

const open = (resultStore?: ResultStore) => new Answers({ tasks, now: () => NOW, resultStore });

function recordOf(given: Partial<TaskRecord>): TaskRecord {
  return { id: ID, type: 'brief', state: 'waiting', attempts: 0, pushedAt: NOW - 9_000, ...given };
}

/** A task that ended so long ago. */
const ended = (state: FinalState, agoMs: number, given: Partial<TaskRecord> = {}): TaskRecord =>
  recordOf({
    state,
    attempts: 1,
    startedAt: NOW - agoMs - 10,
    finishedAt: NOW - agoMs,
    ...(state === 'completed' ? { result: 'x' } : { failure: FAILURE }),
    ...given,
  });

const storeOf = (get: ResultStore['get']): ResultStore => ({ get, put: async () => undefined });

test('an id without a record is unknown', async () => {
  expect(await open().result('any', undefined)).toEqual({ status: 'unknown', id: 'any' });
  expect(open().status('any', undefined)).toEqual({ status: 'unknown', id: 'any' });
});

test.each(['waiting', 'delayed', 'active'] as const)(
  'a task that is %s is told so, with its facts and nothing else',
  async (state) => {
    const record = recordOf({ state, attempts: 2, failure: FAILURE, startedAt: NOW - 5 });
    expect(await open().result(ID, record)).toStrictEqual({
      status: state,
      id: ID,
      type: 'brief',
      attempts: 2,
      pushedAt: new Date(NOW - 9_000),
      startedAt: new Date(NOW - 5),
    });
  },
);

test('a task that completed is told with its value, whatever that is', async () => {
  for (const value of ['x', null, 0, false, '', undefined, { a: [1] }])
    expect(await open().result(ID, ended('completed', 10, { result: value }))).toStrictEqual({
      status: 'completed',
      value,
      id: ID,
      type: 'brief',
      attempts: 1,
      pushedAt: new Date(NOW - 9_000),
      startedAt: new Date(NOW - 20),
      finishedAt: new Date(NOW - 10),
    });
});

test.each(['failed', 'cancelled', 'expired'] as const)(
  'a task that %s is told with its failure, and with one even where none was kept',
  async (state) => {
    const answers = open();
    expect(await answers.result(ID, ended(state, 10))).toMatchObject({
      status: state,
      failure: FAILURE,
    });
    expect(await answers.result(ID, ended(state, 10, { failure: undefined }))).toMatchObject({
      status: state,
      failure: { message: expect.any(String), code: expect.any(String) },
    });
  },
);

test.each([
  ['completed', 1_000, true],
  ['completed', 1_001, false],
  ['failed', 5_000, true],
  ['failed', 5_001, false],
  ['cancelled', 5_000, true],
  ['cancelled', 5_001, false],
  ['expired', 5_000, true],
  ['expired', 5_001, false],
] as const)('retention is exact: %s, %d ms ago: known %s', async (state, agoMs, isKnown) => {
  const answers = open();
  const record = ended(state, agoMs);
  expect(answers.isOver(record)).toBe(!isKnown);
  expect(answers.current(record)).toEqual(isKnown ? record : undefined);
  expect((await answers.result(ID, record)).status).toBe(isKnown ? state : 'unknown');
  expect(answers.status(ID, detailOf(record)).status).toBe(isKnown ? state : 'unknown');
});

test('the retention of the push goes before that of the contract; of a foreign type nothing is over', () => {
  const answers = open();
  const retention = { completedMs: 10, failedMs: 100_000 };
  expect(answers.isOver(ended('completed', 11, { retention }))).toBe(true);
  expect(answers.isOver(ended('failed', 99_999, { retention }))).toBe(false);
  expect(answers.isOver(ended('failed', 1e12, { type: 'foreign' }))).toBe(false);
  expect(answers.isOver(ended('failed', 101_000, { type: 'foreign', retention }))).toBe(true);
  expect(answers.isOver(recordOf({ pushedAt: 0 }))).toBe(false);
});

test.each([
  ['waiting', { startBy: NOW - 1_000 }, ['expired', 'TASK_EXPIRED', 1_000]],
  ['delayed', { startBy: NOW - 1_000 }, ['expired', 'TASK_EXPIRED', 1_000]],
  ['waiting', { deadline: NOW - 1_000 }, ['failed', 'TASK_DEADLINE', 1_000]],
  ['delayed', { deadline: NOW - 1_000, attempts: 2 }, ['failed', 'TASK_DEADLINE', 1_000]],
  ['waiting', { startBy: NOW - 9, deadline: NOW - 2_000 }, ['failed', 'TASK_DEADLINE', 2_000]],
  // A worker may judge otherwise: its clock is not exactly this one.
  ['waiting', { startBy: NOW - 999 }, undefined],
  ['waiting', { deadline: NOW - 999 }, undefined],
  // It was started in time, and waits for its next attempt.
  ['delayed', { startBy: NOW - 4_000, attempts: 1 }, undefined],
  // It was taken in time, and waits because its worker was lost.
  ['waiting', { startBy: NOW - 4_000, startedAt: NOW - 5_000 }, undefined],
  // Its worker will end it.
  ['active', { startBy: NOW - 4_000, deadline: NOW - 4_000 }, undefined],
] as const)('%s and past its time, with nobody to take it: %j', async (state, times, end) => {
  const answers = open();
  const record = recordOf({ state, ...times });
  const result = await answers.result(ID, record);
  const status = answers.status(ID, detailOf(record));
  if (end === undefined) {
    expect([result.status, status.status]).toEqual([state, state]);
    return;
  }
  const [how, code, agoMs] = end;
  const seen = { status: how, failure: { code }, finishedAt: new Date(NOW - agoMs) };
  expect(result).toMatchObject(seen);
  expect(status).toMatchObject(seen);
  // The stack would show where this client was built.
  expect(result).not.toHaveProperty('failure.stack');
});

test('what ended because its time was over is over, too, when its retention is', async () => {
  const record = recordOf({ startBy: NOW - 5_001 });
  expect(await open().result(ID, record)).toEqual({ status: 'unknown', id: ID });
});

test('a status tells of failure, progress, log and history; of what is not there it says nothing', () => {
  const [at, message, level] = [new Date(NOW), 'x', 'info'] as const;
  const log = [{ at, level, message, attempt: 1, seq: 1 }];
  const history = [{ attempt: 1, startedAt: at, outcome: 'active' as const }];
  const record = recordOf({ state: 'active', failure: FAILURE });
  const pushedAt = new Date(NOW - 9_000);
  const facts = { id: ID, type: 'brief', attempts: 0, pushedAt, starts: 1 };
  const detail = { ...detailOf(record), log, history };
  expect(open().status(ID, { ...detail, progress: 0 })).toStrictEqual({
    status: 'active',
    ...facts,
    failure: FAILURE,
    progress: 0,
    log,
    history,
  });
  const plain = detailOf(recordOf({}));
  expect(open().status(ID, plain)).toStrictEqual({
    status: 'waiting',
    ...facts,
    log: [],
    history: [],
  });
});

test('a result that lies in a store is fetched from there', async () => {
  const asked: unknown[] = [];
  const store = storeOf(async (ids) => {
    asked.push(ids);
    return ['{"a":1}'];
  });
  const record = ended('completed', 10, { result: undefined, isStored: true });
  const result = await open(store).result(ID, record);
  expect(result).toMatchObject({ status: 'completed', value: { a: 1 }, attempts: 1 });
  expect(asked).toEqual([[ID]]);
  // What stays with its task is not asked for.
  expect(await open(store).result(ID, ended('completed', 10))).toMatchObject({ value: 'x' });
  expect(asked).toHaveLength(1);
});

test('a store that has forgotten the result makes it unknown; a missing store is told as such', async () => {
  const record = ended('completed', 10, { isStored: true });
  const forgetful = open(storeOf(async () => [undefined]));
  expect(await forgetful.result(ID, record)).toEqual({ status: 'unknown', id: ID });
  await expect(open().result(ID, record)).rejects.toMatchObject({ code: 'RESULT_STORE_MISSING' });
  // Past its retention nobody needs the store.
  const over = ended('completed', 1_001, { isStored: true });
  expect(await open().result(ID, over)).toEqual({ status: 'unknown', id: ID });
});

test.each([
  ['rejects', () => Promise.reject(new Error('down'))],
  [
    'throws at once',
    () => {
      throw new Error('down');
    },
  ],
])(
  'a store that %s is RESULT_STORE_AWAY, and the same call may succeed later',
  async (_how, get) => {
    const record = ended('completed', 10, { isStored: true });
    const asking = Promise.resolve(open(storeOf(get)).result(ID, record));
    const error = await asking.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'RESULT_STORE_AWAY',
      retryable: true,
      cause: { message: 'down' },
    });
  },
);

test('what a store of goflow’s own says is passed on as it is', async () => {
  const own = new GoflowError('RESULT_STORE_AWAY', 'the result store is away: timeout');
  const record = ended('completed', 10, { isStored: true });
  await expect(open(storeOf(() => Promise.reject(own))).result(ID, record)).rejects.toBe(own);
});

test('a result that cannot be read is a failure, with its task or in a store: never a value of undefined', async () => {
  const unreadable: TaskFailure = { ...FAILURE, code: 'ENVELOPE_UNREADABLE' };
  const withTask = ended('completed', 10, { result: undefined, failure: unreadable });
  const failed = { status: 'failed', failure: { code: 'ENVELOPE_UNREADABLE' } };
  expect(await open().result(ID, withTask)).toMatchObject(failed);
  expect(open().status(ID, detailOf(withTask))).toMatchObject(failed);
  const stored = ended('completed', 10, { isStored: true });
  const broken = open(storeOf(async () => ['{broken']));
  expect(await broken.result(ID, stored)).toMatchObject(failed);
});

test.each([
  [{ status: 'failed', failure: FAILURE, attempts: 3 }, 'TASK_FAILED'],
  [{ status: 'cancelled', failure: FAILURE, attempts: 0 }, 'TASK_CANCELLED'],
  [{ status: 'expired', failure: FAILURE, attempts: 0 }, 'TASK_EXPIRED'],
  [{ status: 'unknown' }, 'TASK_UNKNOWN'],
])('what wait throws: %j', (result, code) => {
  const error = toWaitError({ id: ID, ...result } as TaskResult);
  expect(error).toMatchObject({ code });
  expect(error?.message).toContain(ID);
  if (code !== 'TASK_UNKNOWN') expect(error?.message).toContain('why');
});

test.each(['completed', 'waiting', 'delayed', 'active'])('wait throws nothing for %s', (status) => {
  expect(toWaitError({ id: ID, status } as TaskResult)).toBeUndefined();
});

test('facts hold only what is known', () => {
  expect(factsOf(recordOf({}))).toStrictEqual({
    id: ID,
    type: 'brief',
    attempts: 0,
    pushedAt: new Date(NOW - 9_000),
  });
});

function detailOf(record: TaskRecord): TaskDetail {
  const lists = { tags: [], log: [], history: [] };
  const counts = { priority: 0, starts: 1, stalls: 0 };
  return { ...record, queue: 'default', payload: 'p', ...lists, ...counts };
}
