import * as v from 'valibot';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { contractOf, defineTasks, isTaskType } from './define-tasks.js';
import type { TaskDefinition } from './task-definition.js';

const text: TaskDefinition = { payload: z.string(), result: z.string() };

/** What the compiler would refuse. */
const defineUnchecked = (definitions: unknown) => defineTasks(definitions as never);

test('fills in the defaults', () => {
  expect(defineTasks({ repeater: text }).contracts.get('repeater')).toStrictEqual({
    type: 'repeater',
    queue: 'default',
    payload: text.payload,
    result: text.result,
    progress: undefined,
    maxAttempts: 3,
    backoff: { type: 'exponential', delayMs: 1_000, jitter: 0.5, maxDelayMs: 3_600_000 },
    timeoutMs: 300_000,
    startByMs: undefined,
    deadlineMs: undefined,
    priority: 0,
    chunk: 1,
    retention: { completedMs: 86_400_000, failedMs: 604_800_000 },
    redact: [],
  });
});

test('takes what is given', () => {
  const resize = {
    payload: v.object({ url: v.string() }),
    result: v.string(),
    progress: v.number(),
    queue: 'images',
    maxAttempts: 5,
    backoff: '2s',
    timeout: '30s',
    startBy: '1h',
    deadline: '366d',
    priority: 7,
    chunk: 1_000,
    retention: { completed: '1h', failed: '30d' },
    redact: ['password', 'card.number'],
  } as const;
  expect(defineTasks({ 'image.resize': resize }).contracts.get('image.resize')).toStrictEqual({
    type: 'image.resize',
    queue: 'images',
    payload: resize.payload,
    result: resize.result,
    progress: resize.progress,
    maxAttempts: 5,
    backoff: { type: 'fixed', delayMs: 2_000, jitter: 0, maxDelayMs: 2 ** 31 - 1 },
    timeoutMs: 30_000,
    startByMs: 3_600_000,
    deadlineMs: 31_622_400_000,
    priority: 7,
    chunk: 1_000,
    retention: { completedMs: 3_600_000, failedMs: 2_592_000_000 },
    redact: [['password'], ['card', 'number']],
  });
});

test('an explicit undefined is the default', () => {
  const nothing = {
    progress: undefined,
    queue: undefined,
    maxAttempts: undefined,
    backoff: undefined,
    timeout: undefined,
    startBy: undefined,
    deadline: undefined,
    retention: undefined,
    priority: undefined,
    chunk: undefined,
    redact: undefined,
  };
  const given = { ...text, ...nothing };
  expect(defineTasks({ a: given }).contracts).toStrictEqual(defineTasks({ a: text }).contracts);
});

test('a backoff may be a function, which stays as it is', () => {
  const backoff = (): '1s' => '1s';
  expect(defineTasks({ a: { ...text, backoff } }).contracts.get('a')?.backoff).toBe(backoff);
});

test('what it gives is frozen, and holds the definitions as given', () => {
  const definitions = { repeater: text };
  const tasks = defineTasks(definitions);
  expect(tasks.definitions).toBe(definitions);
  expect(Object.isFrozen(tasks)).toBe(true);
  expect(Object.isFrozen(tasks.contracts.get('repeater'))).toBe(true);
});

test.each(['a', 'email.send', 'a-b.c-d', 'v2', 'send2.all', 'constructor', 'x'.repeat(100)])(
  '%j is a task type',
  (type) => {
    expect(isTaskType(type)).toBe(true);
    expect([...defineTasks({ [type]: text }).contracts.keys()]).toEqual([type]);
  },
);

test.each([
  '',
  ' ',
  'Email',
  'email.Send',
  'email send',
  'email_send',
  'email..send',
  '.send',
  'send.',
  'send-',
  'a:b',
  'a/b',
  '1a',
  '42',
  'ümlaut',
  'send\n',
  '__proto__',
  'x'.repeat(101),
])('%j is no task type', (type) => {
  expect(isTaskType(type)).toBe(false);
  const definitions = Object.fromEntries([[type, text]]);
  expect(() => defineTasks(definitions)).toThrow(
    expect.objectContaining({ code: 'TASK_TYPE_INVALID' }),
  );
});

test('names of Object.prototype are nothing special', () => {
  const tasks = defineTasks({ constructor: text });
  expect(contractOf(tasks, 'constructor').type).toBe('constructor');
  for (const type of ['toString', 'hasOwnProperty', '__proto__'])
    expect(() => contractOf(tasks, type)).toThrow(`no task type "${type}"`);
});

test('a written __proto__ defines nothing', () => {
  expect(defineUnchecked({ __proto__: { evil: text } }).contracts.size).toBe(0);
});

test('one definition may serve many types, and each type has a contract of its own', () => {
  const { contracts } = defineTasks({ a: text, b: { ...text, queue: 'second' }, c: text });
  expect([...contracts.values()].map(({ type, queue }) => [type, queue])).toEqual([
    ['a', 'default'],
    ['b', 'second'],
    ['c', 'default'],
  ]);
});

test.each([
  ['payload', { result: z.string() }, 'Expected `a.payload` to be a Standard Schema'],
  ['result', { payload: z.string() }, 'Expected `a.result` to be a Standard Schema'],
  ['payload', { ...text, payload: {} }, 'got an object (object)'],
  ['payload', { ...text, payload: 'string' }, 'got "string" (string)'],
  ['retries', { ...text, retries: 3 }, 'got "retries" (string)'],
  ['queue', { ...text, queue: 'Images' }, 'Expected `a.queue`'],
  ['queue', { ...text, queue: 'a:b' }, 'Expected `a.queue`'],
  ['maxAttempts', { ...text, maxAttempts: 0 }, 'Expected `a.maxAttempts`'],
  ['maxAttempts', { ...text, maxAttempts: 1_001 }, 'Expected `a.maxAttempts`'],
  ['maxAttempts', { ...text, maxAttempts: 2.5 }, 'Expected `a.maxAttempts`'],
  ['maxAttempts', { ...text, maxAttempts: '3' }, 'Expected `a.maxAttempts`'],
  ['priority', { ...text, priority: 2 ** 21 + 1 }, 'Expected `a.priority`'],
  ['chunk', { ...text, chunk: 0 }, 'Expected `a.chunk`'],
  ['chunk', { ...text, chunk: 1_001 }, 'Expected `a.chunk` to be an integer from 1 to 1,000'],
  ['chunk', { ...text, chunk: '5' }, 'Expected `a.chunk`'],
  ['timeout', { ...text, timeout: 0 }, 'Expected `a.timeout`'],
  ['timeout', { ...text, timeout: '30d' }, 'Expected `a.timeout`'],
  ['startBy', { ...text, startBy: 0 }, 'Expected `a.startBy`'],
  ['startBy', { ...text, startBy: '5x' }, 'Expected `a.startBy`'],
  ['startBy', { ...text, startBy: Number.NaN }, 'Expected `a.startBy`'],
  ['startBy', { ...text, startBy: null }, 'Expected `a.startBy`'],
  ['startBy', { ...text, startBy: '367d' }, 'Expected `a.startBy`'],
  ['deadline', { ...text, deadline: 0 }, 'Expected `a.deadline`'],
  ['deadline', { ...text, deadline: -1 }, 'Expected `a.deadline`'],
  ['deadline', { ...text, deadline: new Date() }, 'Expected `a.deadline`'],
  ['deadline', { ...text, deadline: '367d' }, 'Expected `a.deadline`'],
  ['progress', { ...text, progress: {} }, 'Expected `a.progress` to be a Standard Schema'],
  ['progress', { ...text, progress: 'number' }, 'Expected `a.progress` to be a Standard Schema'],
  ['progress', { ...text, progress: null }, 'Expected `a.progress` to be a Standard Schema'],
  ['backoff', { ...text, backoff: '5x' }, 'Expected `a.backoff`'],
  ['backoff', { ...text, backoff: null }, 'Expected `a.backoff`'],
  ['backoff.type', { ...text, backoff: { delay: 1 } }, 'Expected `a.backoff.type`'],
  ['retention', { ...text, retention: '1h' }, 'Expected `a.retention` to be an object'],
  ['retention', { ...text, retention: 3_600_000 }, 'Expected `a.retention` to be an object'],
  ['retention', { ...text, retention: { done: '1h' } }, 'got "done" (string)'],
  ['retention', { ...text, retention: { failed: '367d' } }, 'Expected `a.retention.failed`'],
])('refuses a wrong %s: %#', (_option, definition, message) => {
  const define = () => defineUnchecked({ a: definition });
  expect(define).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  expect(define).toThrow(message);
});

test.each([undefined, null, 'tasks', 1])('refuses %j for definitions', (definitions) => {
  expect(() => defineUnchecked(definitions)).toThrow('Expected `tasks`');
  expect(() => defineUnchecked({ a: definitions })).toThrow('Expected `a` to be a task definition');
});

test('an unknown type is answered with the known ones', () => {
  const tasks = defineTasks({ 'email.send': text, repeater: text });
  expect(() => contractOf(tasks, 'repeatr')).toThrow(
    'no task type "repeatr"; did you mean "repeater"? known are: email.send, repeater',
  );
  expect(() => contractOf(tasks, 'other')).toThrow(
    'no task type "other"; known are: email.send, repeater',
  );
  expect(() => contractOf(tasks, 'x'.repeat(10_000))).toThrow(/^.{0,200}$/);
  for (const type of [undefined, null, 7, {}])
    expect(() => contractOf(tasks, type)).toThrow(
      expect.objectContaining({ code: 'TASK_TYPE_UNKNOWN' }),
    );
});
