// The contracts of what the commands are tried with.
import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

export const tasks = defineTasks({
  echo: { payload: z.json(), result: z.json() },
  'email.send': { payload: z.object({ to: z.string() }), result: z.null(), queue: 'mail' },
  /** Throws its payload, in one attempt. */
  fail: { payload: z.string(), result: z.null(), maxAttempts: 1 },
  /** Says something, and ends when it is cancelled, or by itself after so many milliseconds. */
  slow: { payload: z.number(), result: z.string() },
});
