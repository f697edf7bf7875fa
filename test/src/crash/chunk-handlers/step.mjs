import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { defineHandler } from '@goflow/worker';
import { tasks } from '../chunk-tasks.mjs';

const MS = 5;
/** A file a process; what is written to it survives kill -9. */
const ledger = openSync(join(process.env.CRASH_LEDGER ?? '.', `${process.pid}.ledger`), 'a');

export const step = defineHandler(tasks, 'step', async ({ n, does }) => {
  writeSync(ledger, `${n}\n`);
  if (does === 'wait') await delay(MS);
  if (does === 'compute') compute();
  if (does === 'die') await die();
  return n + 1;
});

function compute() {
  const end = performance.now() + MS;
  while (performance.now() < end);
}

/** As a native crash or the system's memory killer does. */
function die() {
  process.kill(process.pid, 'SIGKILL');
  // The signal takes a moment.
  return new Promise(() => undefined);
}
