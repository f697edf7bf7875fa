import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

/** One module, imported by those who push and by those who run. */
export const tasks = defineTasks({
  // Defaults and transforms: a producer pushes the schema's input, a handler receives its output.
  'greeting.write': {
    payload: z.object({
      name: z.string().trim().min(1),
      language: z.enum(['en', 'fr']).default('en'),
    }),
    result: z.string(),
  },
  'invoice.total': {
    payload: z.object({
      lines: z.array(z.object({ price: z.number().positive(), count: z.int().positive() })),
      issued: z.iso.date().transform((day) => new Date(day)),
    }),
    // A handler returns the input, `wait` and `getResult` give the output: here a number becomes a text.
    result: z.object({ total: z.number().transform((sum) => sum.toFixed(2)), year: z.int() }),
  },
  'weather.fetch': { payload: z.string(), result: z.string(), maxAttempts: 5 },
  'card.charge': {
    payload: z.object({ card: z.string(), cents: z.int() }),
    result: z.null(),
    retention: { completed: '1h', failed: '7d' },
  },
});
