import { fileURLToPath } from 'node:url';
import type { Goflow } from '@goflow/sdk';
import { defineHandlers } from '@goflow/worker';
import type { Place } from '../support/redis.js';
import { startSystem } from '../support/system.js';
import { tasks } from './shop-tasks.mjs';

/** For `--tasks`. */
export const SHOP_TASKS = fileURLToPath(new URL('shop-tasks.mjs', import.meta.url));

/** What moves a cursor, clears a screen, and sets a title, if a terminal gets it. */
export const STEERING = '\u001b[2J\u001b]0;title\u0007\u009b31m';

/** What {@link startShop} gives. */
export interface Shop {
  readonly place: Place;
  readonly goflow: Goflow<(typeof tasks)['definitions']>;
}

/** A started worker, in a place of the test's own, that the commands push to and look at. */
export async function startShop(): Promise<Shop> {
  const handlers = defineHandlers(tasks, {
    echo: (payload) => payload,
    'email.send': () => null,
    fail: (message) => {
      throw new TypeError(message);
    },
    slow: async (ms, ctx) => {
      ctx.log.info(`it began ${STEERING}`);
      await ctx.progress({ percent: 50 });
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        ctx.signal.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      });
      return 'slept';
    },
  });
  return startSystem({ tasks, handlers });
}
