import { expect, test } from 'vitest';
import { leavingCode, leavingSignals } from './leaving-signals.js';

test.each([
  ['nothing is ignored', 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n', true],
  ['SIGPIPE and the like', 'SigIgn:\t0000000000001006\n', true],
  ['after nohup', 'SigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n', false],
  ['all of them, the last ones beyond 2^53', 'SigIgn:\tfffffffe7ffbfeff\n', false],
  ['a system that does not tell', '', true],
])('SIGHUP is listened to unless it was ignored: %s', (_what, status, isHeard) => {
  const always = ['SIGINT', 'SIGTERM'];
  expect(leavingSignals(status)).toEqual(isHeard ? [...always, 'SIGHUP'] : always);
});

test('128 and the number of the signal', () => {
  expect((['SIGHUP', 'SIGINT', 'SIGTERM'] as const).map(leavingCode)).toEqual([129, 130, 143]);
});
