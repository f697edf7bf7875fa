import { defineTasks, type Goflow } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { defineHandlers } from '@goflow/worker';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { newLonelyPlace, newPlace, openRedis } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';

// Jobs that somebody wrote into Redis by hand. Each becomes a dead letter or is harmless; tasks beside them do not notice.

const tasks = defineTasks({ echo: { payload: z.string(), result: z.string(), maxAttempts: 1 } });
const handlers = defineHandlers(tasks, { echo: (payload) => payload });

const GOOD = {
  name: 'echo',
  data: '"x"',
  opts: '{}',
  timestamp: '1700000000000',
  delay: '0',
  priority: '0',
};
const NOTHING = Object.freeze({});
const DEEP = '['.repeat(100_000) + ']'.repeat(100_000);

type Fields = Readonly<Record<string, string>>;

const without = (field: keyof typeof GOOD): Fields =>
  Object.fromEntries(Object.entries(GOOD).filter(([name]) => name !== field));

/** What is planted, and what becomes of it. */
const PLANTED: Readonly<Record<string, readonly [fields: Fields, end: string]>> = {
  'no hash at all': [NOTHING, 'ENVELOPE_UNREADABLE'],
  'no name': [without('name'), 'ENVELOPE_UNREADABLE'],
  'an empty name': [{ ...GOOD, name: '' }, 'ENVELOPE_UNREADABLE'],
  'no data': [without('data'), 'ENVELOPE_UNREADABLE'],
  'no opts': [without('opts'), 'completed'],
  'opts that are no JSON': [{ ...GOOD, opts: '{broken' }, 'ENVELOPE_UNREADABLE'],
  'opts null': [{ ...GOOD, opts: 'null' }, 'ENVELOPE_UNREADABLE'],
  'opts of a list': [{ ...GOOD, opts: '[1]' }, 'ENVELOPE_UNREADABLE'],
  'opts of a number': [{ ...GOOD, opts: '7' }, 'ENVELOPE_UNREADABLE'],
  'opts of a text': [{ ...GOOD, opts: '"{}"' }, 'ENVELOPE_UNREADABLE'],
  'opts that are deep': [{ ...GOOD, opts: `{"a":${DEEP}}` }, 'completed'],
  'opts with __proto__': [
    { ...GOOD, opts: '{"__proto__":{"attempts":9,"polluted":1}}' },
    'completed',
  ],
  'opts of all the wrong types': [
    {
      ...GOOD,
      opts: '{"attempts":"x","delay":{},"priority":[],"backoff":7,"r":{},"sb":"x","dl":[],"to":{},"tags":{},"ret":9,"tp":1,"n":{},"de":7,"parent":1,"repeat":1,"kl":"x"}',
    },
    'completed',
  ],
  'data that is no JSON': [{ ...GOOD, data: '{broken' }, 'ENVELOPE_UNREADABLE'],
  'data that is empty': [{ ...GOOD, data: '' }, 'ENVELOPE_UNREADABLE'],
  'data of another shape': [{ ...GOOD, data: '{"a":1}' }, 'PAYLOAD_INVALID'],
  'data that is deep': [{ ...GOOD, data: DEEP }, 'PAYLOAD_INVALID'],
  'data with __proto__': [{ ...GOOD, data: '{"__proto__":{"polluted":1}}' }, 'PAYLOAD_INVALID'],
  'progress that is no JSON': [{ ...GOOD, progress: '{broken' }, 'ENVELOPE_UNREADABLE'],
  'a parent that is no JSON': [{ ...GOOD, parent: '{broken' }, 'completed'],
  'a parent of another shape': [{ ...GOOD, parent: '[]', parentKey: 'nowhere' }, 'completed'],
  'stacks that are no JSON': [{ ...GOOD, stacktrace: '{broken' }, 'completed'],
  'a return value that is no JSON': [{ ...GOOD, returnvalue: '{broken' }, 'completed'],
  'times that are no numbers': [
    { ...GOOD, timestamp: 'x', delay: 'x', priority: 'x', processedOn: 'x' },
    'completed',
  ],
  'no times': [{ name: 'echo', data: '"x"' }, 'completed'],
  'counters beyond all numbers': [
    { ...GOOD, atm: '9007199254740993', ats: '1', stc: '99' },
    'completed',
  ],
  'a count of starts that is no number': [{ ...GOOD, ats: 'x' }, 'completed'],
  'counters that are no numbers': [{ ...GOOD, atm: 'x', stc: 'x' }, 'completed'],
  'a count of starts of 20 digits': [{ ...GOOD, ats: '9'.repeat(20) }, 'completed'],
  'the last count of starts': [{ ...GOOD, ats: '9223372036854775807' }, 'completed'],
  'a count of starts with zeros before it': [{ ...GOOD, ats: '007' }, 'completed'],
  'all counters of 20 digits': [
    { ...GOOD, ats: '9'.repeat(20), atm: '9'.repeat(20), stc: '9'.repeat(20) },
    'completed',
  ],
  'a repetition of nothing': [{ ...GOOD, rjk: 'x', opts: '{"repeat":{}}' }, 'completed'],
  'a repetition by nonsense': [
    { ...GOOD, rjk: 'x', opts: '{"repeat":{"pattern":"garbage"}}' },
    'completed',
  ],
  'a repetition of old': [
    { ...GOOD, rjk: 'a:b:c:d:9', opts: '{"repeat":{"every":9}}' },
    'completed',
  ],
  'a name of 100 KB': [{ ...GOOD, name: 'x'.repeat(100_000) }, 'HANDLER_MISSING'],
  'a name of JavaScript': [{ ...GOOD, name: '__proto__' }, 'HANDLER_MISSING'],
};

const idOf = (index: number): string => `planted${String(index).padStart(15, '0')}`;
const taskOf = (index: number): string => `default:${idOf(index)}`;

type Client = Goflow<(typeof tasks)['definitions']>;

/** Asks for all that a client can be asked of one task; none of it may throw, nor take long. */
async function askAll(goflow: Client, id: string): Promise<void> {
  const answers = await Promise.allSettled([
    goflow.getResult(id),
    goflow.status(id),
    goflow.inspector.get(id),
    goflow.waitAll([id], { timeout: 1 }),
  ]);
  for (const answer of answers)
    if (answer.status === 'rejected' && answer.reason?.code !== 'WAIT_TIMEOUT')
      throw new Error(`${id}: ${answer.reason?.stack}`);
}

/** Reads every page of every list. */
async function readLists(goflow: Client): Promise<void> {
  const { inspector } = goflow;
  for (const state of ['waiting', 'active', 'completed', 'failed'] as const) {
    let cursor: string | undefined;
    do {
      const page = await inspector.list({ state }, cursor, 5);
      cursor = page.next;
    } while (cursor !== undefined);
  }
  await inspector.counts({ types: true });
  await inspector.deadLetters.list({}, undefined, 100);
  await inspector.deadLetters.groups();
  await inspector.workers();
}

test('hand-written jobs end as dead letters, and the tasks between them complete', async () => {
  const place = newPlace();
  const redis = openRedis(place.redis);
  const base = `${place.prefix}:{default}:`;
  const goflow = openClient(tasks, place);
  const good: string[] = [];
  for (const [index, [fields]] of Object.values(PLANTED).entries()) {
    if (Object.keys(fields).length > 0) await redis.hset(base + idOf(index), fields);
    await redis.lpush(`${base}wait`, idOf(index));
    good.push(await goflow.push('echo', `good ${index}`));
  }
  const indexes = Object.keys(PLANTED).keys();
  for (const index of indexes) await askAll(goflow, taskOf(index));
  await readLists(goflow);
  const options = { tasks, handlers, concurrency: 3, unroutableAfter: '1s' } as const;
  await makeWorker(options, place).start();
  const outcomes = await goflow.waitAll(good, { timeout: '20s' });
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['completed']));
  const seen = new Map<string, string>();
  for (const [index, what] of Object.keys(PLANTED).entries())
    seen.set(what, await endOf(goflow, taskOf(index)));
  const expected = Object.entries(PLANTED).map(([what, [, end]]) => [what, end] as const);
  expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(expected));
  for (const index of Object.keys(PLANTED).keys()) await askAll(goflow, taskOf(index));
  await readLists(goflow);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

async function endOf(goflow: Client, id: string): Promise<string> {
  const ended = async () => {
    const result = await goflow.getResult(id);
    if (result.status === 'failed') return result.failure.code;
    return result.status === 'completed' && result.status;
  };
  return until(ended, { what: `${id} to end`, timeoutMs: 10_000 }).catch(async () => {
    const { status } = await goflow.getResult(id);
    return status;
  });
}

test('what is no job at all is taken out of the queue, and the tasks between complete', async () => {
  const place = newPlace();
  const redis = openRedis(place.redis);
  const base = `${place.prefix}:{default}:`;
  const goflow = openClient(tasks, place);
  await redis.set(base + idOf(0), 'a text');
  await redis.lpush(base + idOf(1), 'a list');
  await redis.zadd(base + idOf(2), 1, 'a set');
  await redis.hset(base + idOf(3), GOOD);
  await redis.lpush(`${base}${idOf(3)}:lock`, 'a lock that is none');
  const good: string[] = [];
  for (const index of [0, 1, 2, 3]) {
    await redis.lpush(`${base}wait`, idOf(index));
    good.push(await goflow.push('echo', `good ${index}`));
  }
  const worker = makeWorker({ tasks, handlers, concurrency: 2 }, place);
  const troubles: string[] = [];
  worker.on('broker:trouble', ({ error }) => troubles.push(error.message));
  await worker.start();
  const outcomes = await goflow.waitAll(good, { timeout: '20s' });
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['completed']));
  for (const index of [0, 1, 2, 3]) await askAll(goflow, taskOf(index));
  await readLists(goflow);
  await until(async () => (await redis.llen(`${base}active`)) === 0, { what: 'none to be taken' });
  expect(await redis.get(base + idOf(0))).toBe('a text');
  expect(troubles.join()).toContain('is no job but a key of another type');
  expect(troubles.length).toBeLessThan(50);
});

test('a key of the queue that is of another type is said, not asked for thousands of times', async () => {
  const place = await newLonelyPlace();
  const redis = openRedis(place.redis);
  const key = `${place.prefix}:{default}:wait`;
  await redis.set(key, 'a text');
  const worker = makeWorker({ tasks, handlers }, place);
  let troubles = 0;
  worker.on('broker:trouble', ({ repeated }) => (troubles += 1 + repeated));
  await worker.start();
  const goflow = openClient(tasks, place);
  await expect(goflow.push('echo', 'x')).rejects.toMatchObject({
    code: 'BROKER_REFUSED',
    message: expect.stringContaining('another type'),
  });
  const before = await commandsOf(redis);
  await until(() => troubles > 0, { what: 'the trouble to be said' });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect((await commandsOf(redis)) - before).toBeLessThan(500);
  await redis.del(key);
  expect(await goflow.wait(await goflow.push('echo', 'after'), { timeout: '15s' })).toBe('after');
});

async function commandsOf(redis: Redis): Promise<number> {
  const [, count] = /total_commands_processed:(\d+)/.exec(await redis.info('stats')) ?? [];
  return Number(count);
}
