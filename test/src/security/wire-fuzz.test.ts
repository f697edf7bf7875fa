import { defineTasks, type Goflow, isGoflowError } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { defineHandlers } from '@goflow/worker';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { newPlace, openRedis } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';
import { chance, type Random } from './chance.js';
import { placesOf } from './places.js';

// Random bytes in every place of Redis that goflow reads, while good tasks go by. GOFLOW_FUZZ_ROUNDS makes it longer, GOFLOW_FUZZ_SEED runs
// another one; the seed is in the message of what fails.

const ROUNDS = Number(process.env.GOFLOW_FUZZ_ROUNDS ?? 3);
const SEED = Number(process.env.GOFLOW_FUZZ_SEED ?? 5);
const JOBS = 40;
const GOOD = 20;

const tasks = defineTasks({ echo: { payload: z.string(), result: z.string(), maxAttempts: 2 } });
const handlers = defineHandlers(tasks, {
  echo: async (payload, ctx) => {
    ctx.log.info('on its way');
    await ctx.progress(50);
    return payload;
  },
});
type Client = Goflow<(typeof tasks)['definitions']>;

const FIELDS = [
  'name',
  'data',
  'opts',
  'timestamp',
  'delay',
  'priority',
  'atm',
  'ats',
  'stc',
  'progress',
  'returnvalue',
  'failedReason',
  'stacktrace',
  'finishedOn',
  'processedOn',
  'pb',
  'defa',
  'deid',
  'rjk',
  'parent',
  'parentKey',
  'k',
  'r',
  'o',
  'd',
  'lg',
  'h1',
  'x0',
  'g0',
  'c',
];
const JSONS = [
  'null',
  'true',
  '0',
  '-1',
  '1e400',
  '1e15',
  '""',
  '"x"',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '[1,2,3,4,5,6,7]',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"length":-1}',
  '["\ud800"]',
  '{"attempts":-3,"delay":1e18,"backoff":"abc","tags":[1,{}],"ret":[-1,"x"],"c":9,"v":99}',
  '{"r":{"a":1},"sb":"x","dl":-1}',
  '{"~gz":"9,xxxx"}',
  '{"~gz":{}}',
  '{"~gz":"1000000000,eJw="}',
  '{"~enc":1}',
  '{"c":3}',
  '{"c":"x","tags":7}',
];

/** Numbers with which Redis cannot count. Not `nan`, as the priority of a delayed job: see docs/security.md. */
const NUMBERS = ['9223372036854775807', '99999999999999999999', '007', '-0', '1.5', '0x10', 'inf'];
const COUNTED = ['atm', 'ats', 'stc', 'priority', 'delay', 'timestamp'];

const one = <T>(random: Random, from: readonly T[]): T => from[random(from.length)] as T;

function value(random: Random): string {
  const kind = random(6);
  if (kind < 3) return one(random, JSONS);
  if (kind === 3) return String(random(2 ** 31) - 2 ** 30);
  if (kind === 4)
    return Array.from({ length: random(30) }, () => String.fromCharCode(random(256))).join('');
  return one(random, JSONS).slice(0, random(20));
}

function job(random: Random): Record<string, string> {
  const fields: Record<string, string> = {
    name: 'echo',
    data: '"x"',
    opts: '{}',
    timestamp: '1700000000000',
  };
  for (let count = random(5); count >= 0; count -= 1) fields[one(random, FIELDS)] = value(random);
  if (random(4) === 0) fields[one(random, COUNTED)] = one(random, NUMBERS);
  if (random(10) === 0) delete fields[one(random, ['name', 'data', 'opts', 'timestamp'])];
  return fields;
}

interface World {
  readonly redis: Redis;
  readonly prefix: string;
  readonly goflow: Client;
  readonly random: Random;
}

const uniqueOf = (index: number): string => `fuzz${String(index).padStart(18, '0')}`;

const LISTS = ['wait', 'wait', 'wait', 'active'];
const SETS = ['delayed', 'completed', 'failed', 'cancelled', 'expired', 'prioritized'];

async function plantJobs({ redis, prefix, random }: World, round: number): Promise<string[]> {
  const base = `${prefix}:{default}:`;
  const ids: string[] = [];
  for (let index = 0; index < JOBS; index += 1) {
    const unique = uniqueOf(round * JOBS + index);
    await redis.hset(base + unique, job(random));
    if (random(3) > 0) await redis.lpush(base + one(random, LISTS), unique);
    else await redis.zadd(base + one(random, SETS), random(2 ** 31), unique);
    if (random(7) === 0) await redis.zadd(`${base}retained`, random(2 ** 31), unique);
    ids.push(`default:${unique}`);
  }
  return ids;
}

/** Adverts of workers, cancellations, and messages on every channel that somebody listens to. */
async function plantMessages(
  { redis, prefix, random }: World,
  ids: readonly string[],
): Promise<void> {
  const channels = (await redis.pubsub('CHANNELS', `${prefix}:*`)) as string[];
  for (let count = 0; count < 60; count += 1) {
    const reply = JSON.stringify({
      id: one(random, ids),
      state: value(random),
      result: value(random),
    });
    const message = random(2) === 0 ? value(random) : reply;
    for (const channel of channels) await redis.publish(channel, message);
    await redis.hset(
      `${prefix}:{fleet}:workers`,
      value(random).slice(0, 50),
      random(2) ? value(random) : advert(random),
    );
    await redis.hset(`${prefix}:{fleet}:types`, value(random).slice(0, 50), value(random));
    await redis.zadd(`${prefix}:{fleet}:seen`, Date.now(), value(random).slice(0, 50));
    await redis.hset(`${prefix}:{default}:cancelling`, value(random).slice(0, 50), value(random));
  }
}

const advert = (random: Random): string =>
  JSON.stringify({
    name: value(random),
    seenAt: Date.now(),
    types: [value(random)],
    queues: one(random, JSONS),
    startedAt: 'x',
  });

/** All that a client can be asked; it answers, or throws an error of goflow's with a code. */
async function askAll({ goflow, random }: World, ids: readonly string[]): Promise<void> {
  const cursor = Buffer.from(value(random)).toString('base64url');
  const questions = ids.flatMap((id) => [
    goflow.getResult(id),
    goflow.status(id),
    goflow.inspector.get(id),
    random(4) === 0 ? goflow.cancel(id) : goflow.waitAll([id], { timeout: 1 }),
    random(4) === 0 ? goflow.inspector.deadLetters.redrive(id) : goflow.ping(),
    random(4) === 0 ? goflow.inspector.deadLetters.discard(id) : goflow.ping(),
  ]);
  questions.push(
    goflow.counts() as never,
    goflow.inspector.counts({ types: true }) as never,
    goflow.inspector.list() as never,
    goflow.inspector.list({}, cursor) as never,
    goflow.inspector.deadLetters.list() as never,
    goflow.inspector.deadLetters.groups() as never,
    goflow.inspector.workers() as never,
  );
  for (const answer of await Promise.allSettled(questions))
    if (answer.status === 'rejected' && !isGoflowError(answer.reason))
      throw new Error(`seed ${SEED}: ${(answer.reason as Error).stack}`);
}

/** The planted jobs that are not in exactly one list or set. */
async function misplacedOf({ redis, prefix }: World): Promise<Record<string, readonly string[]>> {
  const base = `${prefix}:{default}:`;
  const misplaced: Record<string, readonly string[]> = {};
  for (let index = 0; index < ROUNDS * JOBS; index += 1) {
    const unique = uniqueOf(index);
    const places = await placesOf(redis, base, unique);
    const isKept = (await redis.exists(base + unique)) === 1;
    if (places.length !== (isKept ? 1 : 0)) misplaced[unique] = places;
  }
  return misplaced;
}

test(
  'random bytes in Redis crash nothing, hang nothing, and fail no other task',
  async () => {
    const place = newPlace();
    const redis = openRedis(place.redis);
    const goflow = openClient(tasks, place);
    const world: World = { redis, prefix: place.prefix, goflow, random: chance(SEED) };
    const worker = makeWorker(
      { tasks, handlers, concurrency: 4, lease: '5s', unroutableAfter: '1s' },
      place,
    );
    await worker.start();
    for (let round = 0; round < ROUNDS; round += 1) {
      const ids = await plantJobs(world, round);
      const good = await goflow.pushMany(
        'echo',
        Array.from({ length: GOOD }, (_, index) => `good ${index}`),
      );
      const ended = goflow.waitAll(good, { timeout: '25s' });
      await plantMessages(world, ids);
      await askAll(world, ids);
      const seen = (await ended).map((outcome) =>
        outcome.status === 'completed' ? outcome.value : JSON.stringify(outcome),
      );
      expect(seen, `seed ${SEED}`).toEqual(good.map((_, index) => `good ${index}`));
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    const left = async () =>
      (await redis.llen(`${place.prefix}:{default}:wait`)) +
      (await redis.llen(`${place.prefix}:{default}:active`));
    await until(async () => (await left()) === 0, {
      what: `seed ${SEED}: every job to end`,
    });
    expect(await misplacedOf(world), `seed ${SEED}`).toEqual({});
    expect(await worker.readiness()).toEqual({ ready: true });
  },
  ROUNDS * 30_000 + 30_000,
);
