import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

/** What the producer and the workers agree on. */
export const tasks = defineTasks({
  'file.digest': {
    payload: z.object({ path: z.string().min(1) }),
    result: z.object({
      sha256: z.string().length(64),
      bytes: z.int().nonnegative(),
      /** Line breaks, as `wc -l` counts them. */
      lines: z.int().nonnegative(),
      /** The process that did it. */
      worker: z.int(),
    }),
    retention: { completed: '1h', failed: '1h' },
  },
});

/** The result of one task. */
export type FileDigest = ReturnType<(typeof tasks.definitions)['file.digest']['result']['parse']>;
