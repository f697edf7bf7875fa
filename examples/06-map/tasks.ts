import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

const order = z.object({ line: z.int(), country: z.string(), cents: z.int() });

export type Order = z.infer<typeof order>;

export const tasks = defineTasks({
  'order.tax': { payload: order, result: z.object({ cents: z.int() }) },
});
