/**
 * Fails every test, and every file, that leaves a socket, a server, a child process or a worker thread open. vitest runs
 * it as `setupFiles`.
 *
 * @module
 */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { leakGuard } from '../leaks/open-resources.js';

const file = leakGuard();
beforeAll(() => file.before());
afterAll(() => file.after());

beforeEach(({ task, onTestFinished }) => {
  // Tests that run at the same time see each other's sockets; the file's guard still holds them.
  if (task.concurrent === true) return;
  const test = leakGuard();
  test.before();
  // Not afterEach: what a test closes in its own onTestFinished is closed later than that. These run last to first.
  onTestFinished(() => test.after());
});
