import { expect, test } from 'vitest';
import { sum, tallyLine, tallyTests, type VitestReport } from './tally.mjs';

const file = (status: string, ...tests: readonly string[]) => ({
  status,
  assertionResults: tests.map((each) => ({ status: each })),
});

const report = (given: Partial<VitestReport>): VitestReport => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...given,
});

test('counts tests, and skipped and todo ones together', () => {
  const given = report({
    numPassedTests: 5,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: [file('failed', 'failed', 'passed'), file('passed', 'passed')],
  });
  expect(tallyTests(given, 1)).toEqual({ passed: 5, failed: 1, skipped: 3 });
});

test('a file that failed without a failed test counts as one failure', () => {
  const given = report({
    numPassedTests: 1,
    testResults: [file('failed'), file('failed', 'passed')],
  });
  expect(tallyTests(given, 1)).toEqual({ passed: 1, failed: 2, skipped: 0 });
});

test('vitest failing without a failed test counts as one failure', () => {
  expect(tallyTests(report({ numPassedTests: 3 }), 1)).toMatchObject({ passed: 3, failed: 1 });
  expect(tallyTests(undefined, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test('the line names skipped tests only when there are some', () => {
  const one = { passed: 3, failed: 1, skipped: 0 };
  expect(tallyLine(one)).toBe('3 passed, 1 failed');
  expect(tallyLine(sum([one, { passed: 1, failed: 0, skipped: 2 }]))).toBe(
    '4 passed, 1 failed, 2 skipped',
  );
});
