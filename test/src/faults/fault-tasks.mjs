// The contracts of the tests in this folder, and of the worker programs that they start.
import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

export const tasks = defineTasks({
  /** Works for so many milliseconds, and gives twice its number back. */
  step: {
    payload: z.object({ n: z.number(), ms: z.number() }),
    result: z.number(),
    backoff: 50,
  },
  /** Takes memory until its process dies of it. */
  hog: { payload: z.null(), result: z.null() },
});
