import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { defineHandler } from '@goflow/worker';
import { tasks } from '../fault-tasks.mjs';

/** A file a process, one line an effect; what is written to it survives kill -9. */
const ledger = openSync(join(process.env.FAULT_LEDGER ?? '.', `${process.pid}.ledger`), 'a');

export const step = defineHandler(tasks, 'step', async ({ n, ms }, { starts, signal }) => {
  const note = (/** @type {string} */ what) => {
    const line = { n, starts, what, at: Date.now(), pid: process.pid };
    writeSync(ledger, `${JSON.stringify(line)}\n`);
  };
  note('begin');
  // Deaf to its signal: what it does after its lease is over is to be seen.
  signal.addEventListener('abort', () => note('abort'), { once: true });
  await delay(ms);
  note('end');
  return n * 2;
});

export const hog = defineHandler(tasks, 'hog', async () => {
  const held = [];
  for (;;) {
    held.push(Array.from({ length: 100_000 }, (_, index) => `${index}`));
    await delay(1);
  }
});
