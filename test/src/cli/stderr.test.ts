import { expect, test } from 'vitest';
import { HANDLERS_DIR, runWorker, TASKS_FILE } from '../support/program.js';
import { runCli } from './cli.js';
import { startServer } from './doctor-rig.js';

test('a Redis that evicts: commands say nothing of it, and a worker says it in its log, which is JSON only', async () => {
  const server = await startServer(['--maxmemory-policy', 'allkeys-lru']);
  const flags = ['--redis', server.url];
  const worker = runWorker(['--tasks', TASKS_FILE, '--handlers', HANDLERS_DIR, ...flags]);
  await worker.line(/"msg":"worker started"/);
  await worker.line(/maxmemory-policy is allkeys-lru/);
  const pushed = await runCli(undefined, ['push', 'echo', '"x"', '--wait', ...flags]);
  expect(pushed).toMatchObject({ code: 0, stderr: '' });
  await worker.stop();
  const said = `${worker.stdout}\n${worker.stderr}`.split('\n').filter(Boolean);
  expect(said.filter((line) => !line.startsWith('{'))).toEqual([]);
});
