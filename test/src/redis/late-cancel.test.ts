import { defineTasks, type TaskId } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { RetryLaterError } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { newPlace, openRedis } from '../support/redis.js';
import { openClient, startSystem } from '../support/system.js';

const tasks = defineTasks({ echo: { payload: z.null(), result: z.null(), backoff: '1h' } });

const ENDS = [
  ['is tried again', () => new Error('again')],
  ['snoozes', () => new RetryLaterError('later', { delay: '1h', counted: false })],
] as const;

// The wish is written into Redis by the handler itself: as if its message came after the end of the attempt. Memory has no such gap.
test.each(ENDS)(
  'a task that %s, and was asked to end meanwhile, is cancelled where it waits',
  async (_, thrown) => {
    const place = newPlace();
    const redis = openRedis(place.redis);
    let prefix = '';
    const wish = (id: TaskId) =>
      redis.hset(`${prefix}:{default}:cancelling`, id.slice('default:'.length), 'enough');
    const system = await startSystem({
      tasks,
      handlers: {
        echo: async (_payload, { id }) => {
          await wish(id);
          throw thrown();
        },
      },
    });
    prefix = system.place.prefix;
    const goflow = openClient(tasks, system.place);
    const id = await goflow.push('echo', null);
    await expect(goflow.wait(id, { timeout: '10s' })).rejects.toMatchObject({
      code: 'TASK_CANCELLED',
      message: expect.stringContaining('enough'),
    });
    // Forgotten in the next step, which a client that polls may be faster than.
    await until(async () => (await redis.hlen(`${prefix}:{default}:cancelling`)) === 0, {
      what: 'the wish to be forgotten',
    });
  },
);
