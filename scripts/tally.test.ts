import { expect, test } from 'vitest';
import {
  type FileReport,
  filesToTryAgain,
  sum,
  tallyLine,
  tallyTests,
  withSecondTry,
} from './tally.mjs';

const file = (name: string, status: string, ...tests: readonly string[]): FileReport => ({
  name,
  status,
  assertionResults: tests.map((each) => ({ status: each })),
});

const report = (...testResults: readonly FileReport[]) => ({ testResults });

const GOOD = file('good', 'passed', 'passed', 'passed');

test('counts tests, and skipped and todo ones together', () => {
  const mixed = file('mixed', 'failed', 'failed', 'passed', 'skipped', 'pending', 'todo');
  expect(tallyTests(report(mixed, GOOD), 1)).toEqual({ passed: 3, failed: 1, skipped: 3 });
});

test('a file that failed without a failed test counts as one failure', () => {
  const given = report(file('does not load', 'failed'), file('hook', 'failed', 'passed'));
  expect(tallyTests(given, 1)).toEqual({ passed: 1, failed: 2, skipped: 0 });
});

test('vitest failing without a failed test counts as one failure', () => {
  expect(tallyTests(report(GOOD), 1)).toMatchObject({ passed: 2, failed: 1 });
  expect(tallyTests(undefined, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test('a few files that failed are tried again; many are not, nor those that passed', () => {
  const failed = (name: string) => file(name, 'failed', 'failed');
  expect(filesToTryAgain(report(failed('a'), GOOD, file('b', 'failed')))).toEqual(['a', 'b']);
  expect(filesToTryAgain(report(...['a', 'b', 'c', 'd'].map(failed)))).toEqual([]);
  expect(filesToTryAgain(undefined)).toEqual([]);
});

test('what the second try says of a file counts, also when it fails again or says nothing', () => {
  const first = report(file('a', 'failed', 'failed', 'passed'), GOOD, file('b', 'failed'));
  const second = report(file('a', 'passed', 'passed', 'passed'));
  expect(tallyTests(withSecondTry(first, second), 1)).toEqual({
    passed: 4,
    failed: 1,
    skipped: 0,
  });
  expect(tallyTests(withSecondTry(first, undefined), 1)).toMatchObject({ passed: 3, failed: 2 });
});

test('the last line says what passed and failed alone; what was skipped stands above it', () => {
  const one = { passed: 3, failed: 1, skipped: 0 };
  expect(tallyLine(one)).toBe('3 passed, 1 failed');
  expect(tallyLine(sum([one, { passed: 1, failed: 0, skipped: 2 }]))).toBe(
    '2 skipped\n4 passed, 1 failed',
  );
});
