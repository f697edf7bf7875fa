import { defineHandlers, NonRetryableError } from '@goflow/worker';
import { tasks } from './tasks.js';

const RATES = new Map([
  ['DE', 0.19],
  ['GB', 0.2],
]);

export const handlers = defineHandlers(tasks, {
  'order.tax': ({ country, cents }) => {
    const rate = RATES.get(country);
    if (rate === undefined) throw new NonRetryableError(`no tax rate for ${country}`);
    return { cents: Math.round(cents * rate) };
  },
});
