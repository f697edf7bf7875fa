import { setTimeout as sleep } from 'node:timers/promises';
import { defineHandler } from '@goflow/worker';
import { tasks } from '../tasks.js';

/** Takes 50 ms. It heeds `ctx.signal`: a worker that stops gets the task back at once and hands it to the others. */
export const square = defineHandler(tasks, 'number.square', async (number, ctx) => {
  await sleep(50, undefined, { signal: ctx.signal });
  return { square: number * number, worker: process.pid };
});
