import { expect, test } from 'vitest';
import { envelopeOf } from './place.test-d.js';
import {
  deduplicationIdOf,
  deduplicationKeyOf,
  fromStoredBackoff,
  fromStoredRetention,
  fromStoredTags,
  fromStoredTime,
  toStoredOptions,
} from './stored-options.js';

const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const BACKOFF = { type: 'fixed', delayMs: 5, jitter: 0.5, maxDelayMs: 9 } as const;

test('of a plain push nothing is stored', () => {
  expect(toStoredOptions(envelopeOf())).toStrictEqual({});
  const nothing = { delayMs: 0, priority: 0, tags: [], replyTo: undefined };
  expect(toStoredOptions(envelopeOf(nothing))).toStrictEqual({});
});

test('what the push said is stored: BullMQ’s words under its own names, goflow’s under short ones', () => {
  const envelope = envelopeOf({
    delayMs: 1,
    priority: 2,
    maxAttempts: 3,
    backoff: BACKOFF,
    replyTo: 'me',
    startBy: 4,
    deadline: 5,
    timeoutMs: 6,
    tags: ['eu', 'new'],
    retention: { completedMs: 7, failedMs: 8 },
    traceparent: TRACE,
  });
  expect(toStoredOptions(envelope)).toStrictEqual({
    delay: 1,
    priority: 2,
    attempts: 3,
    backoff: { type: 'fixed', delay: 5, jitter: 0.5, maxDelay: 9 },
    r: 'me',
    sb: 4,
    dl: 5,
    to: 6,
    tags: ['eu', 'new'],
    ret: [7, 8],
    tp: TRACE,
  });
});

test('the nonce tells the pushes of one id apart', () => {
  expect(toStoredOptions(envelopeOf(), 'a1b2')).toStrictEqual({ n: 'a1b2' });
  expect(toStoredOptions(envelopeOf(), '')).toStrictEqual({ n: '' });
});

test.each([
  [{ key: 'k', mode: 'unique', windowMs: 0 }, { id: 'repeater:k' }],
  [
    { key: 'k', mode: 'throttle', windowMs: 70 },
    { id: 'repeater:k', ttl: 70 },
  ],
  [
    { key: 'k', mode: 'debounce', windowMs: 80 },
    { id: 'repeater:k', ttl: 80 },
  ],
] as const)('a key is stored as BullMQ knows it: %j', (deduplication, de) => {
  expect(toStoredOptions(envelopeOf({ deduplication }))).toStrictEqual({ de });
});

test('a key is one of its type, and comes back as it was, colons and all', () => {
  for (const key of ['k', 'a:b', ':', 'ünï {x}*'])
    expect(deduplicationKeyOf(deduplicationIdOf('mail.send', key), 'mail.send')).toBe(key);
  expect(deduplicationIdOf('a', 'k')).not.toBe(deduplicationIdOf('b', 'k'));
});

test('a backoff comes back as it was', () => {
  for (const backoff of [
    BACKOFF,
    { ...BACKOFF, type: 'exponential', jitter: 0, delayMs: 0 },
  ] as const) {
    const { backoff: stored } = toStoredOptions(envelopeOf({ backoff }));
    expect(fromStoredBackoff(stored)).toStrictEqual(backoff);
    expect(fromStoredBackoff(JSON.parse(JSON.stringify(stored)))).toStrictEqual(backoff);
  }
});

test.each([[undefined], [null], ['x'], [5], [[]], [{ type: 'custom' }], [{}]])(
  'a backoff that goflow does not know is none: %j',
  (stored) => {
    expect(fromStoredBackoff(stored)).toBeUndefined();
  },
);

test('a backoff of raw BullMQ is read as it is', () => {
  expect(fromStoredBackoff({ type: 'exponential', delay: 7 })).toStrictEqual({
    type: 'exponential',
    delayMs: 7,
    jitter: 0,
    maxDelayMs: 2 ** 31 - 1,
  });
});

test.each([
  [{ delay: -1 }, { delayMs: 1_000 }],
  [{ delay: '7' }, { delayMs: 1_000 }],
  [{ delay: null }, { delayMs: 1_000 }],
  [{ jitter: 7 }, { jitter: 1 }],
  [{ jitter: -1 }, { jitter: 0 }],
  [{ maxDelay: 'x' }, { maxDelayMs: 2 ** 31 - 1 }],
])('what is wrong in a stored backoff has its default: %j', (stored, read) => {
  expect(fromStoredBackoff({ type: 'fixed', delay: 5, ...stored })).toMatchObject(read);
});

test.each([
  [[1, 2], { completedMs: 1, failedMs: 2 }],
  [[1], undefined],
  [[0, 2], undefined],
  [[1, -2], undefined],
  [['1', '2'], undefined],
  [[1, null], undefined],
  [[], undefined],
  [undefined, undefined],
  [null, undefined],
  ['1,2', undefined],
  [{ 0: 1, 1: 2 }, undefined],
])('a stored retention: %j', (stored, read) => {
  expect(fromStoredRetention(stored)).toEqual(read);
});

test.each([
  [1, 1],
  [1_800_000_000_000, 1_800_000_000_000],
  [0, undefined],
  [-1, undefined],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
  ['5', undefined],
  [null, undefined],
  [undefined, undefined],
  [{}, undefined],
])('a stored time: %j', (stored, read) => {
  expect(fromStoredTime(stored)).toBe(read);
});

test.each([
  [
    ['eu', 'new'],
    ['eu', 'new'],
  ],
  [['eu', 5, null, {}], ['eu']],
  [[], []],
  [undefined, []],
  [null, []],
  ['eu', []],
  // What Lua makes of an empty list.
  [{}, []],
])('stored tags: %j', (stored, read) => {
  expect(fromStoredTags(stored)).toEqual(read);
});
