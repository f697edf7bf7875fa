// The contracts of the workers that docs/operations.md is about.
import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

export const tasks = defineTasks({
  /** `slow@…` takes a second; none is sent while there is a file `mail-is-away`. */
  'email.send': { payload: z.object({ to: z.string() }), result: z.string(), maxAttempts: 1 },
  /** The url `bomb` takes the process down. */
  'image.resize': { payload: z.object({ url: z.string() }), result: z.string(), queue: 'images' },
});
