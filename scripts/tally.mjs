// Counts what passed, failed and was skipped.

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Tally
 * @typedef {{ status: string, assertionResults: readonly { status: string }[] }} FileReport
 * @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
 *   testResults: readonly FileReport[] }} VitestReport vitest's JSON report, the part that is read here
 */

/**
 * @param {VitestReport | undefined} report Undefined when vitest wrote none.
 * @param {number} code vitest's exit code
 * @returns {Tally}
 */
export function tallyTests(report, code) {
  const tests = report ?? NO_REPORT;
  const tally = {
    passed: tests.numPassedTests,
    failed: tests.numFailedTests + tests.testResults.filter(failedByItself).length,
    skipped: tests.numPendingTests + tests.numTodoTests,
  };
  // Neither a test nor a file: no test was found, set-up failed, an error was thrown outside of every test.
  if (code !== 0 && tally.failed === 0) tally.failed = 1;
  return tally;
}

/**
 * @param {readonly Tally[]} tallies
 * @returns {Tally}
 */
export function sum(tallies) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of tallies) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/** @param {Tally} tally */
export function tallyLine({ passed, failed, skipped }) {
  const line = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}

/** @type {VitestReport} */
const NO_REPORT = {
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
};

/**
 * A file that does not load, or whose hook failed, while none of its tests did.
 *
 * @param {FileReport} file
 */
function failedByItself(file) {
  return (
    file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')
  );
}
