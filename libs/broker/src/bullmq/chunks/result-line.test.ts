import { expect, test } from 'vitest';
import { toReturnValue } from '../job-codec.js';
import { bytesOf, fromResultLine, hasRoom, toResultLine } from './result-line.js';

const SINCE = 1_800_000_000_000;

test.each([
  ['an object', '{"a":[1,2]}', { result: { a: [1, 2] } }],
  ['a number that looks like times', '12,3', { failure: { code: 'ENVELOPE_UNREADABLE' } }],
  ['text that looks like a line', '"1,2 3\\n"', { result: '1,2 3\n' }],
  ['null', 'null', { result: null }],
  ['nothing', toReturnValue({ kind: 'completed', resultJson: undefined }), { result: undefined }],
  [
    'what lies in the result store',
    toReturnValue({ kind: 'completed', resultJson: '1', isStored: true }),
    { isStored: true },
  ],
])('a result comes back with its times: %s', (_, stored, expected) => {
  expect(fromResultLine(toResultLine(12, 3, stored), SINCE)).toMatchObject({
    state: 'completed',
    attempts: 1,
    startedAt: SINCE + 12,
    finishedAt: SINCE + 15,
    ...expected,
  });
});

test('a chunk takes lines up to 256 KiB, none over 64 KiB; bytes count, and the end of each line', () => {
  const [line, all] = [64 * 1024, 256 * 1024];
  expect([hasRoom(0, line), hasRoom(0, line + 1)]).toEqual([true, false]);
  expect([hasRoom(all - 9, 9), hasRoom(all - 8, 9), hasRoom(all * 2, 1)]).toEqual([
    true,
    false,
    false,
  ]);
  expect([bytesOf('-'), bytesOf('é漢')]).toEqual([2, 6]);
});

test('times are whole, and never before the first', () => {
  expect(toResultLine(0.4, 0.6, '1')).toBe('0,1 1');
  expect(toResultLine(-0.7, 0, '1')).toBe('0,0 1');
  expect(toResultLine(86_400_000.5, 3_600_000.4, '1')).toBe('86400001,3600000 1');
});

test.each(['', 'x', '1,2', '1,2 ', '1,2 {broken', '12 {"a":1}', '-1,2 {'])(
  'a line that somebody broke is an unreadable result, not an error: %j',
  (line) => {
    expect(fromResultLine(line, SINCE)).toMatchObject({
      state: 'completed',
      failure: { code: 'ENVELOPE_UNREADABLE' },
    });
  },
);
