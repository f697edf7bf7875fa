import { expect, test } from 'vitest';
import { PUSH_FLAGS } from './push-flags.js';
import { patienceOf, pushOptionsOf } from './push-options.js';

test('nothing given is no option; digits alone are milliseconds', () => {
  expect(pushOptionsOf({})).toEqual({});
  expect(pushOptionsOf({ delay: '1500', startBy: '1.5s' })).toEqual({
    delay: 1500,
    startBy: '1.5s',
  });
});

test.each([
  ['5s', '5s'],
  ['250', 250],
  ['fixed:1m', { type: 'fixed', delay: '1m' }],
  ['exponential:100', { type: 'exponential', delay: 100 }],
  [
    '{"type":"exponential","delay":"1s","jitter":0.5}',
    { type: 'exponential', delay: '1s', jitter: 0.5 },
  ],
])('--backoff %s', (backoff, expected) => {
  expect(pushOptionsOf({ backoff })).toEqual({ backoff: expected });
});

test.each([
  [{ delay: 'soon' }, '`--delay` to be a duration'],
  [{ delay: '-1s' }, '`--delay` to be a duration'],
  [{ priority: '1.5' }, '`--priority` to be an integer from 0'],
  [{ maxAttempts: '0' }, '`--max-attempts` to be an integer from 1 to 1,000, got `0`'],
  [{ backoff: 'linear:1s' }, '`--backoff` to be a duration'],
  [{ backoff: 'fixed:soon' }, '`--backoff` to be a duration'],
  [{ backoff: '{type}' }, 'invalid JSON in --backoff, line 1, column 2'],
  [{ taskTimeout: '0' }, '`--task-timeout` to be a duration'],
  [{ runAt: 'tomorrow' }, '`--run-at` to be a time like'],
  [{ runAt: '2026-99-99' }, '`--run-at` to be a time like'],
  [{ runAt: '2026-01-01', delay: '1s' }, '`--run-at` to be absent where `delay` is given'],
  [{ throttle: '1s' }, '`--throttle` to be given with'],
  [{ throttle: '1s', debounce: '1s', deduplicationKey: 'k' }, '`--debounce` to be left out'],
  [{ debounce: '0', deduplicationKey: 'k' }, '`--debounce` to be a duration'],
  [{ retentionFailed: 'ever' }, '`--retention-failed` to be a duration'],
  [{ tag: ['a', ''] }, '`--tag` to be made of strings'],
  [{ id: '' }, '`--id` to be a string of 1 to 256'],
  [{ id: 'a', deduplicationKey: 'b' }, '`--deduplication-key` to be absent where `id` is given'],
  [{ traceparent: 'x' }, '`--traceparent` to be a W3C traceparent'],
])('%j is refused, by the name of its flag', (options, why) => {
  expect(() => pushOptionsOf(options)).toThrow(why);
});

test('every flag is read', () => {
  const camel = (flag: string): string =>
    flag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const names = PUSH_FLAGS.map(({ flags }) => camel(/^--([\w-]+)/.exec(flags)?.[1] ?? ''));
  const read = new Set<string>();
  const options = new Proxy({} as Record<string, undefined>, {
    get: (_, name) => void read.add(String(name)),
  });
  pushOptionsOf(options);
  expect([...read].sort()).toEqual(names.sort());
});

test('--wait with and without a duration, and with the word behind it', () => {
  expect(patienceOf(undefined)).toBeUndefined();
  expect(patienceOf(true)).toEqual({ ms: undefined });
  expect(patienceOf('1m')).toEqual({ ms: 60_000 });
  for (const wrong of ['email.send', '0', '5 minutes'])
    expect(() => patienceOf(wrong)).toThrow('`--wait` to be a duration');
});
