import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

export const tasks = defineTasks({
  // Notes in a file that it ran, so that what really happened can be counted outside goflow.
  'crash.note': { payload: z.number().int(), result: z.number().int() },
  // Blocks the event loop of its worker for so many milliseconds.
  'crash.block': { payload: z.number().int(), result: z.number().int(), queue: 'blocking' },
  // The same, but only where it is run first; its result there is that number, elsewhere -1.
  'crash.blockonce': { payload: z.number().int(), result: z.number().int(), queue: 'blocking' },
});
