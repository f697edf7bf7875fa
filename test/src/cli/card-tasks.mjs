// Contracts with what is not to be shown.
import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

export const tasks = defineTasks({
  'card.charge': { payload: z.json(), result: z.null(), redact: ['card.number', 'password'] },
});
