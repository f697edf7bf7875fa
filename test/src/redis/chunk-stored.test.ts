import { defineTasks, type TaskId } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { defineHandlers, NonRetryableError, RetryLaterError } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { newPlace, openRedis, type Place } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';

const how = z.enum(['retry', 'fail', 'snooze', 'cancel', 'complete', 'large', 'progress']);
const tasks = defineTasks({ step: { payload: how, result: z.string().nullable(), backoff: '1h' } });
const handlers = defineHandlers(tasks, {
  step: async (payload, ctx) => {
    const { signal, log } = ctx;
    if (payload === 'retry') throw new TypeError('again');
    if (payload === 'fail') throw new NonRetryableError('never');
    if (payload === 'snooze') throw new RetryLaterError('later', { delay: '1h', counted: false });
    if (payload === 'large') return 'x'.repeat(100_000);
    if (payload === 'cancel')
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      );
    if (payload === 'progress') {
      log.info('half of it');
      await ctx.progress({ done: 50 });
      throw new Error('and no further');
    }
    return null;
  },
});

/** What differs from task to task, whether it was in a chunk or not. */
const TIMES = ['timestamp', 'processedOn', 'finishedOn', 'due'];

/** All that lies in Redis of a task that is a job of its own. */
async function storedOf({ redis, prefix }: Place, id: TaskId) {
  const client = openRedis(redis);
  const key = (part: string): string => `${prefix}:{default}:${part}`;
  const [, unique = '', index] = id.split(':');
  const name = index === undefined ? unique : `${unique}.${index}`;
  // `bg`: a task of a chunk counts as begun with its chunk.
  const { stacktrace = '[]', opts = '{}', h1, bg: _, ...fields } = await client.hgetall(key(name));
  const sets = ['delayed', 'completed', 'failed', 'cancelled', 'expired', 'retained', 'tag:eu'];
  const scores = await Promise.all(sets.map((set) => client.zscore(key(set), name)));
  const times = TIMES.filter((time) => time in fields);
  const rest = Object.entries(fields).filter(([field]) => !TIMES.includes(field));
  // Its lines say where in this program it was thrown.
  const stacks = (JSON.parse(stacktrace) as string[]).map((text) => text.split('\n').at(-1));
  return {
    fields: Object.fromEntries(rest),
    options: JSON.parse(opts, (name, value) => (/^(dl|sb)$/.test(name) ? 'a time' : value)),
    times,
    history: h1 && (JSON.parse(h1) as unknown[]).toSpliced(1, 2),
    stacks: stacks.map((line) => line?.replaceAll(id, 'the id')),
    lies: sets.filter((_, at) => scores[at] !== null),
    log: await client.llen(key(`${name}:logs`)),
  };
}

const OPTIONS = {
  tags: ['eu', '"c":3'],
  priority: 4,
  maxAttempts: 3,
  timeout: '1m',
  deadline: '3h',
  startBy: '2h',
  retention: { completed: '1h', failed: '2h' },
} as const;

test.each(['retry', 'fail', 'snooze', 'cancel', 'large', 'progress'] as const)(
  'a task that leaves its chunk (%s) lies in Redis as one that was never in one',
  async (payload) => {
    const place = newPlace();
    const goflow = openClient(tasks, place);
    const worker = makeWorker({ tasks, handlers, name: 'w' }, place);
    await worker.start();
    const plain = await goflow.push('step', payload, OPTIONS);
    const all = ['complete', payload, 'complete'] as const;
    const [, left = ''] = await goflow.pushMany('step', all, { ...OPTIONS, chunk: 3 });
    if (payload === 'cancel')
      for (const id of [plain, left]) {
        await until(async () => (await goflow.getResult(id)).status === 'active', { what: id });
        await goflow.cancel(id, { reason: 'enough' });
      }
    const isOver = async (id: TaskId): Promise<boolean> =>
      (await storedOf(place, id)).lies.some((set) => set !== 'tag:eu');
    await until(async () => (await isOver(plain)) && (await isOver(left)), { what: 'both to end' });
    // Written a moment after the end of a plain task.
    await until(
      async () =>
        (await storedOf(place, plain)).lies.length === (await storedOf(place, left)).lies.length,
      { what: 'both to lie where they belong' },
    );
    const [one, other] = [await storedOf(place, plain), await storedOf(place, left)];
    expect(other).toEqual(one);
    expect(one.fields).toMatchObject({ name: 'step', data: `"${payload}"` });
  },
);
