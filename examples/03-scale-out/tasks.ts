import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

export const tasks = defineTasks({
  'number.square': {
    payload: z.int(),
    result: z.object({ square: z.int(), worker: z.int() }),
  },
});
