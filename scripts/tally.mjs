// Counts what passed, failed and was skipped.

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Tally
 * @typedef {{ name: string, status: string, assertionResults: readonly { status: string }[] }} FileReport
 * @typedef {{ testResults: readonly FileReport[] }} VitestReport vitest's JSON report, the part that is read here
 */

/** More failed files than these are no accident. */
const SECOND_TRIES = 3;

/**
 * @param {VitestReport | undefined} report Undefined when vitest wrote none.
 * @param {number} code vitest's exit code
 * @returns {Tally}
 */
export function tallyTests(report, code) {
  const tally = sum((report?.testResults ?? []).map(tallyFile));
  // Neither a test nor a file: no test was found, set-up failed, an error was thrown outside of every test.
  if (code !== 0 && tally.failed === 0) tally.failed = 1;
  return tally;
}

/**
 * The files that failed, to be run once more, alone: what fails only beside the others, on a machine that is too small for them, is
 * told, and is no reason to refuse a change. None where there are so many that something is broken.
 *
 * @param {VitestReport | undefined} report
 * @returns {readonly string[]}
 */
export function filesToTryAgain(report) {
  const failed = (report?.testResults ?? []).filter((file) => tallyFile(file).failed > 0);
  return failed.length > SECOND_TRIES ? [] : failed.map(({ name }) => name);
}

/**
 * The report of a run, with what the second try said of its files.
 *
 * @param {VitestReport | undefined} first
 * @param {VitestReport | undefined} second
 * @returns {VitestReport}
 */
export function withSecondTry(first, second) {
  const again = new Map((second?.testResults ?? []).map((file) => [file.name, file]));
  return { testResults: (first?.testResults ?? []).map((file) => again.get(file.name) ?? file) };
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

/**
 * @param {Tally} tally
 * @returns {string} The last line says what passed and what failed, and nothing else.
 */
export function tallyLine({ passed, failed, skipped }) {
  const line = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? line : `${skipped} skipped\n${line}`;
}

/**
 * @param {FileReport} file
 * @returns {Tally} A file that does not load, or whose hook failed, while none of its tests did, is one failure.
 */
function tallyFile({ status, assertionResults }) {
  const count = (/** @type {string} */ wanted) =>
    assertionResults.filter((test) => test.status === wanted).length;
  const passed = count('passed');
  const failed = count('failed');
  return {
    passed,
    failed: status === 'failed' ? Math.max(failed, 1) : failed,
    skipped: assertionResults.length - passed - failed,
  };
}
