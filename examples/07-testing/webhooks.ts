import { defineTasks } from '@goflow/sdk';
import { type Handlers, NonRetryableError } from '@goflow/worker';
import { z } from 'zod';

export const tasks = defineTasks({
  'webhook.deliver': {
    payload: z.object({ url: z.url() }),
    result: z.object({ status: z.int() }),
    maxAttempts: 4,
    backoff: { type: 'exponential', delay: '1h', maxDelay: '1d' },
  },
});

/** Sends a request, and gives the status of the answer. */
export type Send = (url: string) => Promise<number>;

/** What is to be tested. It is given what it talks to, so that a test can give it something else. */
export const createHandlers = (send: Send): Handlers<(typeof tasks)['definitions']> => ({
  'webhook.deliver': async ({ url }, ctx) => {
    const status = await send(url);
    if (status === 410) throw new NonRetryableError('the receiver is gone for good');
    if (status >= 400) throw new Error(`the receiver answered ${status}`);
    ctx.log.info({ status }, 'delivered');
    return { status };
  },
});
