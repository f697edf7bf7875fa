// `npm test`: sets up, checks format, lint and types, runs every test, and ends with one line that counts them all.
// `npm test -- <arguments>` hands the arguments to vitest.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { programOf, run } from './run-program.mjs';
import { setup } from './setup.mjs';
import { filesToTryAgain, sum, tallyLine, tallyTests, withSecondTry } from './tally.mjs';

/** @typedef {import('./tally.mjs').Tally} Tally */

const FAILED = { passed: 0, failed: 1, skipped: 0 };
const PASSED = { passed: 1, failed: 0, skipped: 0 };

/** @returns {Promise<Tally>} */
async function setupAndTest() {
  try {
    await timed('set-up', setup);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return FAILED;
  }
  const checks = [
    await check('format and lint (biome)', [...programOf('@biomejs/biome', 'biome'), 'check', '.']),
    await check('lint with types (oxlint)', [...programOf('oxlint'), '--type-aware']),
    await check('types (tsc)', [...programOf('typescript', 'tsc'), '-p', 'tsconfig.tests.json']),
  ];
  const tests = await timed('tests (vitest)', () => runTests(process.argv.slice(2)));
  const total = sum([...checks, tests]);
  // A run that tested nothing proves nothing.
  return tests.passed + tests.failed === 0 ? sum([total, FAILED]) : total;
}

/**
 * @param {string} name
 * @param {readonly string[]} command
 * @returns {Promise<Tally>}
 */
async function check(name, command) {
  const { code } = await timed(name, () => run(command, { output: 'shown' }));
  if (code !== 0) console.error(`FAILED: ${name}, exit code ${code}`);
  return code === 0 ? PASSED : FAILED;
}

/**
 * @param {readonly string[]} args
 * @returns {Promise<Tally>}
 */
async function runTests(args) {
  const first = await runVitest(args);
  // Who names files waits for these, and wants to see how they fail.
  const again = args.length > 0 ? [] : filesToTryAgain(first.report);
  if (again.length === 0) return tallyTests(first.report, first.code);
  const names = again.map((file) => relative(process.cwd(), file)).join(', ');
  console.log(`\n── failed beside the others, once more alone: ${names}`);
  const second = await runVitest([...again, '--maxWorkers=1']);
  if (second.code === 0)
    console.log(`\n── SHAKY: failed beside the others, passed alone: ${names}`);
  return tallyTests(withSecondTry(first.report, second.report), second.code);
}

/** @param {readonly string[]} args */
async function runVitest(args) {
  const dir = mkdtempSync(join(tmpdir(), 'goflow-tests-'));
  const file = join(dir, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const command = [...programOf('vitest'), 'run', ...reporters, ...args];
    const { code } = await run(command, { output: 'shown' });
    /** @type {import('./tally.mjs').VitestReport | undefined} */
    const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
    return { report, code };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function timed(name, work) {
  console.log(`\n── ${name}`);
  const began = performance.now();
  try {
    return await work();
  } finally {
    console.log(`── ${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
}

const total = await setupAndTest();
console.log(`\n${tallyLine(total)}`);
if (total.failed > 0) process.exitCode = 1;
