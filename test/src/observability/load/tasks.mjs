// What the workers of live-alerts.test.ts run, each in a queue of its own: a fault in one is none in the others.
import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

const result = z.null();

export const tasks = defineTasks({
  /** Of every fifth number the first attempt fails, of every 500th all. */
  'mail.send': { payload: z.number(), result, maxAttempts: 2, backoff: '100ms' },
  /** Fails for good when it is told to. */
  'card.charge': { payload: z.enum(['good', 'stolen']), result, queue: 'cards', maxAttempts: 1 },
  /** These take so many milliseconds. */
  'file.copy': { payload: z.number(), result, queue: 'files' },
  'report.build': { payload: z.number(), result, queue: 'reports' },
  'thumb.make': { payload: z.number(), result, queue: 'thumbs' },
  'page.print': { payload: z.number(), result, queue: 'prints' },
});
