import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

/** The tiny task that is measured; the payload of the baseline figures. */
export const tasks = defineTasks({
  tiny: {
    payload: z.object({ hello: z.string(), n: z.number() }),
    result: z.object({ n: z.number() }),
  },
});
