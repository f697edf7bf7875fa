// The contracts of the example: imported by the handlers and by who pushes.
import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

export const tasks = defineTasks({
  repeater: { payload: z.string(), result: z.string() },
  sleep: {
    payload: z.object({ ms: z.number().int().min(0).max(3_600_000) }),
    result: z.object({ worker: z.string() }),
  },
});
