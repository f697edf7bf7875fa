// The contracts of the programs whose traces are followed from process to process.
import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

export const tasks = defineTasks({
  order: { payload: z.string(), result: z.string(), queue: 'orders', backoff: 0 },
  parcel: { payload: z.string(), result: z.string(), queue: 'parcels' },
});
