import { defineHandlers, NonRetryableError, RetryLaterError } from '@goflow/worker';
import { tasks } from './tasks.js';

/** Leave a type out, or return something else than its contract says, and this does not compile. */
export const handlers = defineHandlers(tasks, {
  'greeting.write': ({ name, language }) => `${language === 'fr' ? 'Bonjour' : 'Hello'} ${name}`,

  'invoice.total': ({ lines, issued }) => {
    const total = lines.reduce((sum, { price, count }) => sum + price * count, 0);
    return { total, year: issued.getUTCFullYear() };
  },

  'weather.fetch': (city, ctx) => {
    if (ctx.attempt === 1) throw new RetryLaterError('rate limited', { delay: '100ms' });
    return `sunny in ${city}`;
  },

  'card.charge': ({ card }) => {
    throw new NonRetryableError('card expired', { details: { card } });
  },
});
