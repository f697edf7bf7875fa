import { expect, test } from 'vitest';
import { fromCursor, startOf, toCursor } from './cursor.js';
import { deadLetterQuestionOf, questionOf } from './filter.js';
import { openRig, tasks } from './rig.test-d.js';

const question = questionOf({ state: ['failed', 'completed'] }, tasks);
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const { mark } = question;

test('a position comes back', () => {
  for (const position of [
    { section: 0, after: undefined },
    { section: 3, after: 'anything: "quoted" ü' },
  ])
    expect(fromCursor(question, toCursor(question, position))).toEqual(position);
});

test.each([
  '',
  'x',
  'not base64url!',
  'bm90IGpzb24',
  encode(null),
  encode([]),
  encode('text'),
  encode(7),
  encode({}),
  `${encode({ v: 1, q: mark, s: 0 })}!`,
  encode({ v: 0, q: mark, s: 0 }),
  encode({ v: 2, q: mark, s: 0 }),
  encode({ v: 1, s: 0 }),
  encode({ v: 1, q: 'other', s: 0 }),
  encode({ v: 1, q: mark }),
  encode({ v: 1, q: mark, s: 4 }),
  encode({ v: 1, q: mark, s: -1 }),
  encode({ v: 1, q: mark, s: 0.5 }),
  encode({ v: 1, q: mark, s: '0' }),
  encode({ v: 1, q: mark, s: 'constructor' }),
  encode({ v: 1, q: mark, s: 0, a: 7 }),
  encode({ v: 1, q: mark, s: 0, a: null }),
  encode({ v: 1, q: mark, s: 0, a: 'x'.repeat(10_000) }),
  null,
  0,
  {},
  [],
  Symbol('cursor'),
])('cursor %# is refused', (cursor) => {
  expect(() => fromCursor(question, cursor)).toThrow(
    expect.objectContaining({ code: 'CURSOR_INVALID' }),
  );
});

test.each([
  questionOf({}, tasks),
  questionOf({ state: 'failed' }, tasks),
  questionOf({ state: ['failed', 'completed'], tag: 'eu' }, tasks),
  questionOf({ state: ['failed', 'completed'], text: 'eu' }, tasks),
  questionOf({ state: ['failed', 'completed'], since: new Date(0) }, tasks),
  questionOf({ state: ['failed', 'completed'], queue: 'default' }, tasks),
  questionOf({ state: ['failed', 'completed'], type: 'mail.send' }, tasks),
  deadLetterQuestionOf({}, tasks),
  deadLetterQuestionOf({ reason: 'poison' }, tasks),
  deadLetterQuestionOf({ fingerprint: 'abcdefghijkl' }, tasks),
])('the cursor of another filter, %#, is refused', (other) => {
  const cursor = toCursor(other, { section: 0, after: undefined });
  expect(() => fromCursor(question, cursor)).toThrow('belongs to another filter');
});

test('the same question, said otherwise, is the same', () => {
  const same = questionOf({ tag: undefined, state: ['completed', 'failed', 'failed'] }, tasks);
  expect(same.mark).toBe(mark);
});

test('a walk begins at the first section', () => {
  expect(startOf(question)).toEqual({ section: 0, after: undefined });
  expect(startOf({ ...question, sections: [] })).toBeUndefined();
});

test('what only the broker can refuse is refused, too', async () => {
  const { inspector } = openRig();
  const cursor = toCursor(questionOf({}, tasks), { section: 0, after: 'made up' });
  await expect(inspector.list({}, cursor)).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
});
