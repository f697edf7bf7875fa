import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

export const tasks = defineTasks({
  'video.encode': {
    payload: z.object({ file: z.string(), scenes: z.int().positive() }),
    result: z.object({ seconds: z.int() }),
    // What a handler may report; `watch` and `status` give it, typed like a result.
    progress: z.object({ scene: z.int() }),
  },
});
