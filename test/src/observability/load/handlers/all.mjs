import { setTimeout as pause } from 'node:timers/promises';
import { defineHandler } from '@goflow/worker';
import { tasks } from '../tasks.mjs';

export const mail = defineHandler(tasks, 'mail.send', (number, { attempt }) => {
  if (number % 500 === 0 || (number % 5 === 0 && attempt === 1)) throw new Error('no such host');
  return null;
});

export const card = defineHandler(tasks, 'card.charge', (card) => {
  if (card === 'stolen') throw new Error('refused');
  return null;
});

/** @type {(ms: number, context: { signal: AbortSignal }) => Promise<null>} */
const last = async (ms, { signal }) => {
  await pause(ms, undefined, { signal });
  return null;
};

/** What is taken over is run one at a time: it is quick. */
export const file = defineHandler(tasks, 'file.copy', (ms, context) =>
  last(context.starts > 1 ? 10 : ms, context),
);
export const report = defineHandler(tasks, 'report.build', last);
export const thumb = defineHandler(tasks, 'thumb.make', last);
export const page = defineHandler(tasks, 'page.print', last);
