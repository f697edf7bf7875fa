import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { defineHandlers } from '@goflow/worker';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { newPlace, openRedis } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';
import { placesOf } from './places.js';

// Jobs that somebody wrote into Redis by hand, at which a script of BullMQ stops when it has taken them out of a list, and not yet put them
// into another.

const tasks = defineTasks({ echo: { payload: z.string(), result: z.string(), maxAttempts: 1 } });
const handlers = defineHandlers(tasks, { echo: (payload) => payload });

const PLANTED = 'planted000000000000001';
const LOST = 'lostworker000000000001';
const GOOD = { name: 'echo', data: '"x"', opts: '{}', timestamp: '1700000000000' };

/** A queue in Redis, to write into. */
interface Queue {
  readonly redis: Redis;
  /** What its keys begin with. */
  readonly base: string;
}

/** As if the worker of a job were lost. */
async function plantTaken({ redis, base }: Queue, unique: string, fields: object): Promise<void> {
  await redis.hset(base + unique, { ...GOOD, ...fields });
  await redis.lpush(`${base}active`, unique);
  await redis.sadd(`${base}stalled`, unique);
}

async function plantWaiting({ redis, base }: Queue, fields: object): Promise<void> {
  await redis.hset(base + PLANTED, { ...GOOD, ...fields });
  await redis.lpush(`${base}wait`, PLANTED);
}

/** What is planted. */
const CASES: Readonly<Record<string, (queue: Queue) => Promise<void>>> = {
  'a count of stalls of 20 digits': (queue) => plantTaken(queue, PLANTED, { stc: '9'.repeat(20) }),
  'the last count of stalls': (queue) => plantTaken(queue, PLANTED, { stc: '9223372036854775807' }),
  'a count of stalls that is no number': (queue) => plantTaken(queue, PLANTED, { stc: 'x' }),
  'a repetition, and repetitions of another type': async (queue) => {
    await queue.redis.set(`${queue.base}repeat`, 'a text');
    await plantTaken(queue, PLANTED, { rjk: 'x', opts: '{"repeat":{}}' });
  },
  'a parent whose children are of another type': async (queue) => {
    const { redis, base } = queue;
    await redis.hset(`${base}parent`, { ...GOOD, name: 'parent' });
    await redis.set(`${base}parent:dependencies`, 'a text');
    const parent = JSON.stringify({ id: 'parent', queueKey: base.slice(0, -1) });
    await plantWaiting(queue, { parent, parentKey: `${base}parent` });
  },
  'a key of a parent alone, whose children are of another type': async (queue) => {
    await queue.redis.set(`${queue.base}parent:dependencies`, 'a text');
    await plantWaiting(queue, { parentKey: `${queue.base}parent` });
  },
};

/** Plants in a place of its own, runs a worker there, and tells what became of the job, and of another that stands beside it. */
async function endsOf(plant: (queue: Queue) => Promise<void>): Promise<readonly string[]> {
  const place = newPlace();
  const redis = openRedis(place.redis);
  const queue = { redis, base: `${place.prefix}:{default}:` };
  await plant(queue);
  await plantTaken(queue, LOST, {});
  const goflow = openClient(tasks, place);
  await makeWorker({ tasks, handlers, lease: '1s' }, place).start();
  const ends = [PLANTED, LOST].map(async (unique) => {
    const statusOf = async () => (await goflow.getResult(`default:${unique}`)).status;
    const isEnded = async () => ['completed', 'failed'].includes(await statusOf());
    await until(isEnded, { what: unique, timeoutMs: 12_000 }).catch(() => undefined);
    const places = await placesOf(redis, queue.base, unique);
    return `${await statusOf()} in ${places.join(' and ') || 'no list'}`;
  });
  return Promise.all(ends);
}

test('a job at which a script would stop half-way is put right, and runs, as do the others', async () => {
  const cases = Object.entries(CASES);
  const ends = await Promise.all(
    cases.map(async ([what, plant]) => [what, await endsOf(plant)] as const),
  );
  const right = ['completed in completed', 'completed in completed'];
  expect(Object.fromEntries(ends)).toEqual(
    Object.fromEntries(cases.map(([what]) => [what, right])),
  );
});
