import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { defineHandler } from '@goflow/worker';
import { tasks } from '../tasks.mjs';

/** A file a process; what is written to it survives kill -9. */
const directory = process.env.CRASH_LEDGER ?? '.';
const ledger = openSync(join(directory, `${process.pid}.ledger`), 'a');

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

export const crashBlockOnce = defineHandler(tasks, 'crash.blockonce', async (ms) => {
  const files = readdirSync(directory).map((file) => readFileSync(join(directory, file), 'utf8'));
  const wasRun = files.join('').includes(`${ms}\n`);
  note(ms);
  const end = Date.now() + (wasRun ? 0 : ms);
  while (Date.now() < end);
  return wasRun ? -1 : ms;
});
