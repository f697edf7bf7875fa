import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

export const tasks = defineTasks({
  'text.reverse': {
    payload: z.object({ text: z.string().max(1_000) }),
    result: z.object({ text: z.string() }),
  },
});
