import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { defineHandlers } from '@goflow/worker';
import { tasks } from '../tasks.mjs';

export const handlers = defineHandlers(tasks, {
  'email.send': async ({ to }) => {
    if (existsSync('mail-is-away')) throw new Error('the mail server is away');
    if (to.startsWith('slow@')) await delay(1_000);
    return to;
  },
  'image.resize': async ({ url }) => {
    if (url !== 'bomb') return url;
    process.kill(process.pid, 'SIGKILL');
    // The signal takes a moment.
    return new Promise(() => undefined);
  },
});
