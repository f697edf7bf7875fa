import type { TaskDetail } from '@goflow/shared';
import { expect, test } from 'vitest';
import type { CountsOptions } from './goflow-inspector.js';
import { failureOf, openRig, START } from './rig.test-d.js';

const NONE = {
  waiting: 0,
  delayed: 0,
  active: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  expired: 0,
};

test('counts by queue and state, and in all', async () => {
  const { broker, inspector } = openRig();
  broker.put(1);
  broker.put(2, { state: 'active' });
  broker.put(3, { queue: 'images', state: 'active' });
  expect(await inspector.counts()).toEqual({
    queues: {
      default: { ...NONE, failed: 1, active: 1 },
      images: { ...NONE, active: 1 },
    },
    totals: { ...NONE, failed: 1, active: 2 },
  });
  expect(broker.asked).toEqual([]);
});

test('counts by type, in bounded steps, those of no contract too', async () => {
  const { broker, inspector } = openRig();
  for (let number = 0; number < 1_200; number += 1)
    broker.put(number, { type: number % 3 ? 'mail.send' : 'constructor' });
  broker.put(2_000, { queue: 'images', type: 'image.resize', state: 'completed' });
  broker.put(2_001, { tags: ['over'] });
  const { types, totals } = await inspector.counts({ types: true });
  expect(totals).toMatchObject({ failed: 1_201, completed: 1 });
  expect(types).toEqual({
    'mail.send': { ...NONE, failed: 800 },
    'mail.read': NONE,
    'image.resize': { ...NONE, completed: 1 },
    constructor: { ...NONE, failed: 400 },
  });
  expect(broker.asked.every(({ limit }) => limit <= 1_000)).toBe(true);
});

test('counting by type ends with its signal', async () => {
  const { broker, inspector } = openRig();
  for (let number = 0; number < 600; number += 1) broker.put(number);
  const controller = new AbortController();
  const reason = new Error('enough');
  broker.beforePage = ({ after }) => after !== undefined && controller.abort(reason);
  const counting = inspector.counts({ types: true, signal: controller.signal });
  await expect(counting).rejects.toBe(reason);
  expect(broker.asked.filter(({ after }) => after !== undefined)).toHaveLength(1);
});

test.each([null, [], 7, { typo: 1 }, { types: 'yes' }, { types: true, signal: {} }])(
  'counts refuses %j',
  async (options) => {
    const { inspector } = openRig();
    await expect(inspector.counts(options as CountsOptions)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
  },
);

const WHOLE: Partial<TaskDetail> = {
  attempts: 2,
  startedAt: START + 5,
  tags: ['eu'],
  priority: 3,
  failure: failureOf('no user 7', 'NON_RETRYABLE'),
  payload: { to: 'ann' },
  progress: 50,
  log: [{ at: new Date(START), level: 'info', message: 'hello', attempt: 1, seq: 1 }],
  history: [
    { attempt: 1, startedAt: new Date(START), outcome: 'retry', worker: 'w1' },
    { attempt: 2, startedAt: new Date(START + 5), outcome: 'failed', worker: 'w2' },
  ],
  starts: 4,
  stalls: 1,
  maxAttempts: 2,
  backoff: undefined,
  timeoutMs: 1_000,
  startBy: START + 10,
  deadline: START + 20,
  retention: { completedMs: 1, failedMs: 2 },
  deduplicationKey: 'key',
  traceparent: '00-a-b-01',
};

test('get gives all about a task', async () => {
  const { broker, inspector } = openRig();
  const id = broker.put(1, WHOLE);
  const info = await inspector.get(id);
  expect(info).toEqual({
    id,
    type: 'mail.send',
    queue: 'default',
    status: 'failed',
    attempts: 2,
    pushedAt: new Date(START - 999_999),
    startedAt: new Date(START + 5),
    finishedAt: new Date(START - 998_999),
    tags: ['eu'],
    priority: 3,
    failure: WHOLE.failure,
    reason: 'non-retryable',
    fingerprint: expect.stringMatching(/^[\w-]{12}$/),
    payload: { to: 'ann' },
    progress: 50,
    log: WHOLE.log,
    history: WHOLE.history,
    starts: 4,
    stalls: 1,
    worker: 'w2',
    options: {
      maxAttempts: 2,
      timeoutMs: 1_000,
      startBy: new Date(START + 10),
      deadline: new Date(START + 20),
      retention: { completedMs: 1, failedMs: 2 },
      deduplicationKey: 'key',
      traceparent: '00-a-b-01',
    },
  });
  expect(Object.keys(info?.options ?? {})).not.toContain('backoff');
});

test('a task that is no dead letter has no reason, and what is not there is not there', async () => {
  const { broker, inspector } = openRig();
  const id = broker.put(1, { state: 'completed', result: 'ok', payload: undefined });
  const info = await inspector.get(id);
  expect(info).toMatchObject({ status: 'completed', result: 'ok', payload: undefined });
  for (const name of ['reason', 'fingerprint', 'failure', 'startedAt', 'isStored', 'worker'])
    expect(info).not.toHaveProperty(name);
  const stored = broker.put(2, { state: 'completed', isStored: true });
  expect(await inspector.get(stored)).toMatchObject({ isStored: true });
});

test.each(['', 'garbage', 'q:*', `default:${'z'.repeat(22)}`, `other:${'z'.repeat(22)}`])(
  'there is no task %j',
  async (id) => {
    const { inspector } = openRig();
    expect(await inspector.get(id)).toBeUndefined();
  },
);

test.each([null, 7, {}])('%j is no id', async (given) => {
  const { inspector, deadLetters } = openRig();
  const id = given as unknown as string;
  for (const answer of [inspector.get(id), deadLetters.redrive(id), deadLetters.discard(id)])
    await expect(answer).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

test('a task past its retention is unknown', async () => {
  const { broker, inspector } = openRig();
  expect(await inspector.get(broker.put(1, { tags: ['over'] }))).toBeUndefined();
});

test('workers tell their times as dates', async () => {
  const { broker, inspector } = openRig();
  const about = {
    name: 'w1',
    host: 'h',
    pid: 7,
    version: '1.0.0',
    types: ['mail.send'],
    queues: { default: { concurrency: 5, active: 2 } },
    eventLoopLagMs: 3,
    state: 'running',
  };
  broker.workers.push(
    { ...about, startedAt: START, seenAt: START + 2, lastTakenAt: START + 1 },
    { ...about, startedAt: START, seenAt: START + 2, lastTakenAt: undefined, envelopeVersion: 2 },
  );
  const workers = await inspector.workers();
  expect(workers).toEqual([
    {
      ...about,
      // As it is of one that does not say so.
      envelopeVersion: 1,
      startedAt: new Date(START),
      seenAt: new Date(START + 2),
      lastTakenAt: new Date(START + 1),
    },
    { ...about, envelopeVersion: 2, startedAt: new Date(START), seenAt: new Date(START + 2) },
  ]);
});

test('queues are those of the contracts, each once', () => {
  expect(openRig().inspector.queues()).toEqual(['default', 'images']);
});
