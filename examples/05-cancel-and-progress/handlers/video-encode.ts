import { setTimeout as sleep } from 'node:timers/promises';
import { defineHandler } from '@goflow/worker';
import { tasks } from '../tasks.js';

/** Takes 300 ms for each scene. It heeds `ctx.signal`: whoever cancels the task stops it here, in whichever process this is. */
export const encode = defineHandler(tasks, 'video.encode', async ({ file, scenes }, ctx) => {
  ctx.log.info(`opened ${file}`);
  try {
    for (let scene = 1; scene <= scenes; scene += 1) {
      await ctx.progress({ scene });
      await sleep(300, undefined, { signal: ctx.signal });
    }
    return { seconds: 8 * scenes };
  } finally {
    ctx.log.info(`closed ${file}`);
  }
});
