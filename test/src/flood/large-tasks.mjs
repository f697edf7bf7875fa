import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

export const tasks = defineTasks({
  'large.in': { payload: z.string(), result: z.number() },
  'large.out': { payload: z.number(), result: z.string() },
});
