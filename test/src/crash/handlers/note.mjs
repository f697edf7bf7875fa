import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { defineHandler } from '@goflow/worker';
import { tasks } from '../tasks.mjs';

/** A file a process; what is written to it survives kill -9. */
const ledger = openSync(join(process.env.CRASH_LEDGER ?? '.', `${process.pid}.ledger`), 'a');

const note = (/** @type {number} */ n) => void writeSync(ledger, `${n}\n`);

export const crashNote = defineHandler(tasks, 'crash.note', async (n) => {
  note(n);
  return n + 1;
});

export const crashBlock = defineHandler(tasks, 'crash.block', async (ms) => {
  note(ms);
  const end = Date.now() + ms;
  while (Date.now() < end);
  return ms;
});
