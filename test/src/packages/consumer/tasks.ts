import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

/** Made by one door, taken by both. */
export const tasks = defineTasks({
  repeater: { payload: z.string(), result: z.string() },
  'image.resize': {
    payload: z.object({ width: z.number().default(640) }),
    result: z.object({ bytes: z.number() }),
    queue: 'images',
  },
});
