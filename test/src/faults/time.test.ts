import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openClient } from '../support/system.js';
import { tasks } from './fault-tasks.mjs';
import { expectAll, Ledger, measure, pushSteps, startRedis, startWorkerProgram } from './rig.js';

const SKEW = `--import ${fileURLToPath(new URL('../fixtures/skew.mjs', import.meta.url))}`;
const TWO_HOURS_MS = 7_200_000;

test.each([
  ['ahead', TWO_HOURS_MS],
  ['behind', -TWO_HOURS_MS],
])('a worker whose clock is two hours %s keeps the leases of what it runs', async (_, skewMs) => {
  const server = await startRedis();
  const place = { redis: server.url, prefix: 'faults' };
  const ledger = new Ledger();
  const flags = ['--lease', '1s'];
  const env = { NODE_OPTIONS: SKEW, SKEW_MS: String(skewMs) };
  const skewed = startWorkerProgram(place, ledger, { flags, env });
  await skewed.line(/worker started/);
  const goflow = openClient(tasks, place);
  const ids = await pushSteps(goflow, { count: 5, ms: 4_000 });
  const tell = measure('F49');
  // It would take what the other one loses.
  startWorkerProgram(place, ledger, { flags: [...flags, '--concurrency', '1'] });
  await expectAll(goflow, ids);
  tell({ lost: 0, duplicates: ledger.of('begin').length - ids.length });
  expect(ledger.of('begin').map(({ starts }) => starts)).toEqual(ids.map(() => 1));
});
