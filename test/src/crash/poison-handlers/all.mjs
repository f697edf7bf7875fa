import { setTimeout as delay } from 'node:timers/promises';
import { defineHandler } from '@goflow/worker';
import { tasks } from '../poison-tasks.mjs';

export const poison = defineHandler(tasks, 'poison', async () => {
  process.kill(process.pid, 'SIGKILL');
  // The signal takes a moment.
  return new Promise(() => undefined);
});

export const innocent = defineHandler(tasks, 'innocent', async (ms, { starts }) => {
  await delay(ms);
  return starts;
});
