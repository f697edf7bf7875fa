import { expect, test } from 'vitest';
import { toFailure } from '../errors/task-failure.js';
import { deadLetterReason, fingerprintOf } from './dead-letter.js';

const failure = (code: string) => ({ name: 'Error', message: 'no', code });

test.each([
  ['failed', 'NON_RETRYABLE', 'non-retryable'],
  ['failed', 'TASK_TIMEOUT', 'timed-out'],
  ['failed', 'TASK_DEADLINE', 'timed-out'],
  ['failed', 'TASK_POISON', 'poison'],
  ['failed', 'TASK_STALLED', 'poison'],
  ['failed', 'TASK_EXPIRED', 'expired'],
  ['expired', 'HANDLER_FAILED', 'expired'],
  ['failed', 'HANDLER_MISSING', 'no-handler'],
  ['failed', 'PAYLOAD_INVALID', 'invalid-payload'],
  ['failed', 'RESULT_INVALID', 'invalid-result'],
  ['failed', 'RESULT_NOT_SERIALIZABLE', 'invalid-result'],
  ['failed', 'RESULT_TOO_LARGE', 'invalid-result'],
  ['failed', 'ENVELOPE_UNREADABLE', 'unreadable'],
  ['failed', 'HANDLER_FAILED', 'exhausted'],
  ['failed', 'RETRY_LATER', 'exhausted'],
  ['failed', 'RESULT_OF_MY_OWN', 'exhausted'],
  ['failed', 'constructor', 'exhausted'],
] as const)('%s with %s is %s', (state, code, reason) => {
  expect(deadLetterReason(state, failure(code))).toBe(reason);
});

test('without a failure, the state decides', () => {
  expect(deadLetterReason('expired', undefined)).toBe('expired');
  expect(deadLetterReason('failed', undefined)).toBe('exhausted');
});

const of = (message: string, stack?: string): string =>
  fingerprintOf('a.b', { ...failure('HANDLER_FAILED'), message, ...(stack ? { stack } : {}) });

test('a fingerprint is 12 characters, and one for ever', () => {
  expect(of('user 42 is away')).toMatch(/^[A-Za-z0-9_-]{12}$/);
  // A change here splits the groups of those who upgrade.
  expect(of('user 42 is away')).toBe('5qzkstTATfD6');
});

test.each([
  ['numbers', 'user 42 is away', 'user 7,000.5 is away'],
  ['units', 'took 900ms', 'took 1500 ms'],
  ['numbers in words', 'disk sda1 is full', 'disk sda12 is full'],
  ['addresses in memory', 'at 0x7ffe12', 'at 0x1'],
  ['letters in ids', 'commit 12345678 is gone', 'commit 1a3b5c7d is gone'],
  ['hex', 'commit 3f2a91bc is gone', 'commit a81299ff00 is gone'],
  [
    'uuids',
    'no 0191d3a2-7b1c-7000-8000-0a0b0c0d0e0f here',
    'no ffffd3a2-7b1c-4aaa-9abc-0a0b0c0d0e0f here',
  ],
  ['ids', 'cus_NffrFeUfNV2Hib is gone', 'cus_9QKx2aPbCq1zzz is gone'],
  ['long ids', 'sess_abcdefghijklm9 is gone', 'sess_zyxwvutsrqponmlk42 is gone'],
  ['task ids', 'task images:AZqWertYuiopasdfGhjklz', 'task default:BZqwErtyUiOpasdfgHjklz'],
  ['quoted text', "cannot read 'name' of it", "cannot read 'age of all' of it"],
  ['text in double quotes', 'no "a" here', 'no "b \\" c" here'],
  ['text in backticks', 'no `a` here', 'no `b c` here'],
  ['typographic quotes', 'no “a” here', 'no “b c” here'],
  [
    'queries and paths',
    'GET https://api.test/users/ab?q=1 failed',
    'GET https://api.test/x failed',
  ],
  ['passwords in addresses', 'redis://me:secret@db.test/0', 'redis://you:other@db.test/1'],
  ['mail addresses', 'no mail to ann@a.test', 'no mail to bob.b+x@mail.b.test'],
  ['times', 'down since 2024-01-02T03:04:05.678Z', 'down since 2025-11-30 23:59:59,1+01:00'],
  ['times of day', 'down since 9:05', 'down since 10:15:30.5'],
  ['days', 'down since 2024-01-02', 'down since 2025-11-30'],
  [
    'written times',
    'since Tue Jan 02 2024 03:04:05 GMT+0100 (Central European Standard Time)',
    'since Fri, 29 Nov 2024 10:00:00 GMT',
  ],
  ['paths', 'cannot open /srv/a/b.txt', 'cannot open /home/me/files/c.txt'],
  ['paths of Windows', 'cannot open C:\\a\\b.txt', 'cannot open D:\\files\\c.txt'],
  ['IP addresses', 'connect ECONNREFUSED 10.0.0.1:6379', 'connect ECONNREFUSED 10.12.0.17:6380'],
  ['white space', 'a\n  b', 'a b'],
  ['what follows after much', `${'no '.repeat(200)}here`, `${'no '.repeat(200)}there`],
])('%s make no difference', (_, one, other) => {
  expect(of(one)).toBe(of(other));
});

test.each([
  ['words', 'user is away', 'user is here'],
  ['words between apostrophes', "can't open A's file", "can't close A's file"],
  ['words of the same length', 'no such table', 'no such query'],
  ['hosts', 'GET https://a.test/x failed', 'GET https://b.test/x failed'],
  ['units and none', 'took 5 s', 'took 5 of them'],
  ['long words', 'getUserProfileFromDatabase failed', 'putUserProfileIntoDatabase failed'],
  ['names in capitals', 'PROTOCOL_CONNECTION_LOST', 'PROTOCOL_PACKETS_OUT_OF_ORDER'],
])('%s make a difference', (_, one, other) => {
  expect(of(one)).not.toBe(of(other));
});

test('type, name and code make a difference', () => {
  const one = failure('HANDLER_FAILED');
  const all = [
    fingerprintOf('a.b', one),
    fingerprintOf('a.c', one),
    fingerprintOf('a.b', { ...one, name: 'TypeError' }),
    fingerprintOf('a.b', { ...one, code: 'ECONNRESET' }),
  ];
  expect(new Set(all).size).toBe(4);
});

const stackOf = (...frames: string[]): string =>
  ['Error: no', ...frames.map((frame) => `    at ${frame}`)].join('\n');
const HERE = 'load (/app/dist/users.js:10:5)';

test.each([
  ['lines', [HERE], ['load (/app/dist/users.js:77:12)']],
  ['directories', [HERE], ['load (file:///srv/v2/dist/users.js:10:5)']],
  ['queries', [HERE], ['load (file:///app/dist/users.js?t=17:10:5)']],
  ['directories of Windows', [HERE], ['load (C:\\app\\users.js:10:5)']],
  ['async', [HERE], ['async load (/app/dist/users.js:10:5)']],
  ['callers', [HERE, 'one (/app/a.js:1:1)'], [HERE, 'two (/app/b.js:1:1)']],
  [
    'frames of others',
    [HERE],
    [
      'new Promise (<anonymous>)',
      'node:internal/fs/promises:10:1',
      'query (/app/node_modules/pg/lib/a.js:1:1)',
      HERE,
    ],
  ],
  ['hashes of bundles', ['run (/a/chunk-AB12CD.js:1:1)'], ['run (/a/chunk-9F81XY.js:1:1)']],
  ['no own frame', ['query (/app/node_modules/pg/a.js:1:1)'], []],
])('of a stack, %s make no difference', (_, one, other) => {
  expect(of('no', stackOf(...one))).toBe(of('no', stackOf(...other)));
});

test.each([
  ['the function', HERE, 'save (/app/dist/users.js:10:5)'],
  ['the file', HERE, 'load (/app/dist/orders.js:10:5)'],
  ['the file of a frame without a function', 'file:///app/a.js:1:2', 'file:///app/b.js:1:2'],
])('of a stack, %s makes a difference', (_, one, other) => {
  expect(of('no', stackOf(one))).not.toBe(of('no', stackOf(other)));
});

test('a message that looks like a stack is none', () => {
  const message = 'no\n    at fake (/app/fake.js:1:1)';
  expect(of(message, `Error: ${message}\n    at ${HERE}`)).not.toBe(
    of(message, `Error: ${message}\n    at save (/app/dist/users.js:10:5)`),
  );
});

test('real errors of one place are one', () => {
  const fail = (id: number) => toFailure(new Error(`no user ${id}`));
  expect(fingerprintOf('a.b', fail(1))).toBe(fingerprintOf('a.b', fail(2_000)));
});

test.each(
  ['"', "'", '\\"', '“', '`', 'a@', 'a.', '1', '1.', '1-', 'a:', ':1', '/a', 'C:\\', 'http://a']
    .concat(['a1', '::', '?', ' (', '\n', '0x', '2024-01-01 ', 'Jan ', '\u0000', '«'])
    .map((part) => [part]),
)('8 kB of %j are done in no time', (part) => {
  const text = part.repeat(8_192 / part.length).slice(0, 8_192);
  const startedAt = performance.now();
  of(text, `Error: x\n    at ${text}`);
  of(`${text} x`, text);
  // It takes some milliseconds; a pattern that runs wild takes hours.
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
