import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

/** The payload of it; for other systems, too. */
export const PAYLOAD = z.object({ hello: z.string(), n: z.number() });

/** The tiny task that is measured; the payload of the baseline figures. */
export const tasks = defineTasks({
  tiny: {
    payload: PAYLOAD,
    result: z.object({ n: z.number() }),
  },
});
