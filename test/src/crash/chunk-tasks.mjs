// The contracts of the workers that ./chunks.test.ts starts.
import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

export const tasks = defineTasks({
  /** Notes in a file that it ran; then waits for 5 ms, computes for 5 ms, or takes its process down. */
  step: {
    payload: z.object({ n: z.number().int(), does: z.enum(['wait', 'compute', 'die']) }),
    result: z.number().int(),
    maxAttempts: 5,
  },
});
