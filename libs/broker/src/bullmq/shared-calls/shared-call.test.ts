import { expect, test } from 'vitest';
import { SharedCall } from './shared-call.js';

type Together = (tasks: readonly string[]) => unknown;

const answerAll: Together = (tasks) => tasks.map((task) => `shared ${task}`);

/** Stands in for Redis, and notes what it is asked. */
function open(together: Together = answerAll, isShared = false) {
  const calls: (readonly string[])[] = [];
  const reasons: string[] = [];
  const call = new SharedCall<string>({
    together: async (tasks) => {
      calls.push(tasks);
      return together(tasks);
    },
    alone: async (task) => {
      calls.push([task]);
      return `own ${task}`;
    },
    atEndOfTurn: (send) => process.nextTick(send),
    lengthOf: (task) => task.length,
    isShared: () => isShared,
    isOff: () => reasons.length > 0,
    giveUp: (why) => reasons.push(why),
  });
  const addAll = (tasks: readonly string[]) =>
    Promise.allSettled(tasks.map((task) => call.add(task)));
  return { call, calls, reasons, addAll };
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `${at}`);

const refused = (message: string): Error =>
  Object.assign(new Error(message), { name: 'ReplyError' });

test('the tasks of one turn share a call, those of the promises of that turn, too', async () => {
  const { call, calls } = open();
  const late = Promise.resolve().then(() => call.add('late'));
  expect(await Promise.all([call.add('a'), call.add('b'), late])).toEqual([
    'shared a',
    'shared b',
    'shared late',
  ]);
  expect(calls).toEqual([['a', 'b', 'late']]);
});

test('one task has BullMQ’s own call, unless it gains by another', async () => {
  const usual = open();
  expect(await usual.call.add('a')).toBe('own a');
  expect(await usual.call.add('b')).toBe('own b');
  const other = open(answerAll, true);
  expect(await other.call.add('a')).toBe('shared a');
});

test('16 tasks are sent at once, without waiting for the end of the turn; the rest at its end', async () => {
  const { calls, addAll } = open();
  const all = addAll(numbered(39));
  expect(calls.map((tasks) => tasks.length)).toEqual([16, 16]);
  const answers = await all;
  expect(calls.map((tasks) => tasks.length)).toEqual([16, 16, 7]);
  expect(answers).toEqual(
    numbered(39).map((task) => ({ status: 'fulfilled', value: `shared ${task}` })),
  );
});

test('large tasks share no call, or with few', async () => {
  const { calls, addAll } = open();
  const large = 'x'.repeat(65 * 1024);
  await addAll([large, large, 'x'.repeat(40_000), 'x'.repeat(40_000), 'small']);
  expect(calls.map((tasks) => tasks.length)).toEqual([1, 1, 2, 1]);
});

test('an error among the answers is that task’s own', async () => {
  const error = refused('WRONGTYPE of b');
  const { addAll, reasons } = open((tasks) => tasks.map((task) => (task === 'b' ? error : task)));
  expect(await addAll(['a', 'b', 'c'])).toEqual([
    { status: 'fulfilled', value: 'a' },
    { status: 'rejected', reason: error },
    { status: 'fulfilled', value: 'c' },
  ]);
  expect(reasons).toEqual([]);
});

test.each([
  'Connection is closed.',
  'OOM command not allowed when used memory > maxmemory',
  'READONLY You can’t write against a read only replica.',
])('%s: the error of each task, as with a call of its own', async (message) => {
  const error = refused(message);
  if (message.startsWith('Conn')) error.name = 'Error';
  const { addAll, calls, reasons } = open(() => {
    throw error;
  });
  const answers = await addAll(['a', 'b']);
  expect(answers).toEqual([
    { status: 'rejected', reason: error },
    { status: 'rejected', reason: error },
  ]);
  expect(calls).toHaveLength(1);
  expect(reasons).toEqual([]);
});

test.each([
  ['a script that Redis cannot run', refused('ERR Error compiling script')],
  ['an answer that cannot be read', new RangeError('out of range')],
  ['too few answers', ['one']],
  ['no list', 'OK'],
  ['nothing', undefined],
])('%s ends the sharing: each task has its own call, from then on, too', async (_, unexpected) => {
  const { addAll, call, calls, reasons } = open(() => {
    if (unexpected instanceof Error) throw unexpected;
    return unexpected;
  });
  expect(await addAll(['a', 'b'])).toEqual([
    { status: 'fulfilled', value: 'own a' },
    { status: 'fulfilled', value: 'own b' },
  ]);
  expect(reasons).toHaveLength(1);
  expect(await Promise.all([call.add('c'), call.add('d')])).toEqual(['own c', 'own d']);
  expect(calls).toEqual([['a', 'b'], ['a'], ['b'], ['c'], ['d']]);
});
