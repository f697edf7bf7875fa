// The contracts of the workers that ./poison.test.ts starts.
import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

export const tasks = defineTasks({
  /** Takes its process down, as a native crash or the system's memory killer does. */
  poison: { payload: z.null(), result: z.null(), maxAttempts: 5 },
  /** Runs for so many milliseconds. */
  innocent: { payload: z.number(), result: z.number(), maxAttempts: 5 },
});
