import { hostname } from 'node:os';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { defineHandler } from '@goflow/worker';
import { tasks } from '../tasks.mjs';

/** Takes its time, and tells which container took it. */
export const sleep = defineHandler(tasks, 'sleep', async ({ ms }, { signal }) => {
  await sleepFor(ms, undefined, { signal });
  return { worker: hostname() };
});
