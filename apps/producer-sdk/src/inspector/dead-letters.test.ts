import type { TaskState } from '@goflow/shared';
import { expect, test } from 'vitest';
import type { RedriveOptions } from './dead-letter-options.js';
import { failureOf, openRig } from './rig.test-d.js';

test('lists those that failed or expired, and why', async () => {
  const { broker, deadLetters } = openRig();
  const states: TaskState[] = ['waiting', 'active', 'completed', 'cancelled', 'failed', 'expired'];
  for (const [number, state] of states.entries()) broker.put(number, { state });
  broker.put(10, { failure: failureOf('x', 'TASK_POISON') });
  const { tasks } = await deadLetters.list();
  expect(tasks.map(({ status, reason }) => [status, reason])).toEqual([
    ['failed', 'poison'],
    ['failed', 'exhausted'],
    ['expired', 'expired'],
  ]);
  // Even where the broker keeps no failure.
  expect(tasks.at(-1)).toMatchObject({ failure: { code: 'TASK_EXPIRED' } });
  expect((await deadLetters.list({ reason: 'poison' })).tasks).toHaveLength(1);
});

test('lists those of one fingerprint, page by page', async () => {
  const { broker, deadLetters } = openRig();
  for (let number = 0; number < 100; number += 1)
    broker.put(number, { failure: failureOf(number % 4 ? `no user ${number}` : 'disk full') });
  const [newest] = (await deadLetters.list({ text: 'disk' }, undefined, 1)).tasks;
  const fingerprint = newest?.fingerprint;
  const first = await deadLetters.list({ fingerprint }, undefined, 20);
  const second = await deadLetters.list({ fingerprint }, first.next, 20);
  expect(first.tasks).toHaveLength(20);
  expect(second.tasks).toHaveLength(5);
  expect(second.next).toBeUndefined();
});

test('groups by how they failed, the largest first', async () => {
  const { broker, deadLetters } = openRig();
  const newest = { queue: 'images', type: 'image.resize' };
  for (let number = 0; number < 300; number += 1)
    broker.put(number, { failure: failureOf(`no user ${number}`) });
  for (let number = 0; number < 3; number += 1)
    broker.put(number, { ...newest, failure: failureOf('y'.repeat(900), 'PAYLOAD_INVALID') });
  broker.put(400, { tags: ['over'], failure: failureOf('no user 400') });
  const { groups, examined, complete } = await deadLetters.groups();
  expect({ examined, complete }).toEqual({ examined: 304, complete: true });
  expect(groups).toMatchObject([
    { type: 'mail.send', reason: 'exhausted', count: 300, message: 'no user 299' },
    { type: 'image.resize', reason: 'invalid-payload', count: 3 },
  ]);
  const [users, images] = groups;
  expect(users?.sample).toHaveLength(5);
  expect(users?.fingerprint).toMatch(/^[\w-]{12}$/);
  expect((users?.lastAt.getTime() ?? 0) - (users?.firstAt.getTime() ?? 0)).toBe(299);
  expect(images?.message).toHaveLength(500);
  const one = await deadLetters.groups({ fingerprint: images?.fingerprint });
  expect(one.groups).toEqual([images]);
});

test('groups say when they are of a part', async () => {
  const { broker, deadLetters } = openRig();
  for (let number = 0; number < 30; number += 1) broker.put(number);
  const part = await deadLetters.groups({}, { limit: 10 });
  expect(part).toMatchObject({ groups: [{ count: 10 }], examined: 10, complete: false });
  const aborted = await deadLetters.groups({}, { signal: AbortSignal.abort() });
  expect(aborted).toEqual({ groups: [], examined: 0, complete: false });
});

test.each([{ limit: 0 }, { limit: 1.5 }, { signal: 7 }, { typo: 1 }, null])(
  'groups refuses %j',
  async (options) => {
    const { deadLetters } = openRig();
    await expect(deadLetters.groups({}, options as object)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
  },
);

test.each(['failed', 'expired', 'cancelled'] as const)('redrives a %s task', async (state) => {
  const { broker, deadLetters } = openRig();
  const id = broker.put(1, { state });
  expect(await deadLetters.redrive(id)).toEqual({ id, found: state, redriven: true });
  expect(broker.redriven).toMatchObject([{ id }]);
  expect(broker.redriven[0]).not.toHaveProperty('json');
});

test.each(['waiting', 'delayed', 'active', 'completed'] as const)(
  'a %s task is neither redriven nor discarded',
  async (state) => {
    const { broker, deadLetters } = openRig();
    const id = broker.put(1, { state });
    // A payload that would be refused is of no matter then.
    const redriven = await deadLetters.redrive(id, { payload: 7 });
    expect(redriven).toEqual({ id, found: state, redriven: false });
    expect(await deadLetters.discard(id)).toEqual({ id, found: state, discarded: false });
    expect(broker.redriven).toEqual([]);
    expect(broker.tasks.size).toBe(1);
  },
);

test.each(['', 'garbage', `default:${'z'.repeat(22)}`, `other:${'z'.repeat(22)}`])(
  'there is no task %j to redrive or discard',
  async (id) => {
    const { deadLetters } = openRig();
    expect(await deadLetters.redrive(id)).toEqual({ id, found: 'unknown', redriven: false });
    expect(await deadLetters.discard(id)).toEqual({ id, found: 'unknown', discarded: false });
  },
);

test('a task past its retention is unknown', async () => {
  const { broker, deadLetters } = openRig();
  const id = broker.put(1, { tags: ['over'] });
  expect(await deadLetters.redrive(id)).toMatchObject({ found: 'unknown', redriven: false });
  expect(await deadLetters.discard(id)).toMatchObject({ found: 'unknown', discarded: false });
});

test('a task that somebody else redrives in the same moment', async () => {
  const { broker, deadLetters } = openRig();
  const id = broker.put(1);
  broker.beforeChange = () => broker.put(1, { state: 'active' });
  expect(await deadLetters.redrive(id)).toEqual({ id, found: 'active', redriven: false });
});

test('redrives with another payload', async () => {
  const { broker, deadLetters } = openRig();
  const id = broker.put(1);
  await deadLetters.redrive(id, { payload: { to: 'ann' } });
  expect(broker.redriven).toMatchObject([{ id, json: '{"to":"ann"}' }]);
});

test.each([
  ['PAYLOAD_INVALID', 'mail.send', { to: 7 }],
  ['PAYLOAD_INVALID', 'mail.send', null],
  ['PAYLOAD_NOT_SERIALIZABLE', 'mail.send', { to: 'ann', at: new Date(0) }],
  ['PAYLOAD_TOO_LARGE', 'mail.send', { to: 'a'.repeat(1_000) }],
  ['TASK_TYPE_UNKNOWN', 'removed.type', { to: 'ann' }],
])('%s: a payload is checked as that of a push', async (code, type, payload) => {
  const { broker, deadLetters } = openRig();
  const id = broker.put(1, { type });
  await expect(deadLetters.redrive(id, { payload })).rejects.toMatchObject({ code });
  expect(broker.redriven).toEqual([]);
});

test('a task of a type that is gone is redriven with the payload that it has', async () => {
  const { broker, deadLetters } = openRig();
  const id = broker.put(1, { type: 'removed.type' });
  expect(await deadLetters.redrive(id)).toMatchObject({ redriven: true });
});

test.each([null, 7, [], { typo: 1 }])('redrive refuses %j', async (options) => {
  const { broker, deadLetters } = openRig();
  const redriving = deadLetters.redrive(broker.put(1), options as RedriveOptions);
  await expect(redriving).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

test('discards one', async () => {
  const { broker, deadLetters } = openRig();
  const id = broker.put(1);
  expect(await deadLetters.discard(id)).toEqual({ id, found: 'failed', discarded: true });
  expect(broker.tasks.size).toBe(0);
});
