// `npm run figure -- list-million [--count 1000000]`: how long a page of tasks takes where there are very many.
import { parseArgs } from 'node:util';
import { createBullMqBroker } from '@goflow/broker';
import { RedisServer } from '@goflow/testing';
import { Redis } from 'ioredis';

const BASE = 'goflow:{default}:';
const PER_CALL = 10_000;
const ROUNDS = 20;
/** Redis writes down what takes longer than this, in microseconds. */
const SLOW_US = 1_000;

/**
 * Writes finished tasks as they lie in Redis: all with the tag `all`, one in a thousand with `rare`; one in a hundred thousand
 * failed. KEYS: key base. ARGV: the first, how many, the time of the first. A script, because a million pushes and runs take
 * minutes.
 */
const FINISHED = `
local base, first, count, time = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
for n = first, first + count - 1 do
  local id = string.format('u%021d', (n * 7919) % 1000003 + n * 1000003)
  local at = string.format('%.0f', time + math.floor(n / 3))
  local set, field, value = 'completed', 'returnvalue', '"ok"'
  if n % 100000 == 0 then set, field, value = 'failed', 'failedReason', 'no' end
  local tags = '["all"]'
  if n % 1000 == 0 then
    tags = '["all","rare"]'
    redis.call('ZADD', base .. 'tag:rare', at, id)
  end
  redis.call('HSET', base .. id, 'name', 'repeater', 'data', '{"n":' .. n .. '}', 'opts', '{"tags":' .. tags .. '}',
    'timestamp', at, 'delay', 0, 'priority', 0, 'processedOn', at, 'pb', 'worker', 'ats', 1, 'atm', 1, 'finishedOn', at,
    field, value)
  redis.call('ZADD', base .. set, at, id)
  redis.call('ZADD', base .. 'tag:all', at, id)
end`;

/** Puts as many ids into the list of waiting tasks; one in ten has a task. */
const WAITING = `
for n = tonumber(ARGV[1]), ARGV[1] + ARGV[2] - 1 do
  redis.call('LPUSH', KEYS[1] .. 'wait', string.format('w%021d', n))
  if n % 10 == 0 then
    redis.call('HSET', KEYS[1] .. string.format('w%021d', n), 'name', 'repeater', 'data', '1', 'opts', '{}', 'timestamp', ARGV[3])
  end
end`;

type Broker = ReturnType<typeof createBullMqBroker>;
type Asked = Omit<Parameters<Broker['inspector']['page']>[0], 'queue' | 'limit'>;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { count: { type: 'string', default: '1000000' } } });
  const count = Number(values.count);
  await using server = await RedisServer.start();
  const redis = new Redis(server.url);
  const broker = createBullMqBroker({ redis: server.url });
  try {
    const startedAt = Date.now() - 3_600_000;
    for (const script of [FINISHED, WAITING])
      for (let first = 0; first < count; first += PER_CALL)
        await redis.eval(script, 1, BASE, first, Math.min(PER_CALL, count - first), startedAt);
    await redis.config('SET', 'slowlog-log-slower-than', SLOW_US);
    await redis.slowlog('RESET');
    process.stdout.write(`${count} finished and ${count} waiting tasks; pages of 100, ms\n`);
    await measureAll(broker, startedAt + count / 4);
    await measureDeep(broker);
    process.stdout.write(`${await slowest(redis)}\n`);
  } finally {
    await broker.close();
    redis.disconnect();
  }
}

async function measureAll(broker: Broker, since: number): Promise<void> {
  const questions: Record<string, Asked> = {
    completed: { state: 'completed' },
    'completed, a tag of all': { state: 'completed', tag: 'all' },
    'completed, a rare tag': { state: 'completed', tag: 'rare' },
    'completed, a tag of none': { state: 'completed', tag: 'none' },
    'failed, a tag of all': { state: 'failed', tag: 'all' },
    'failed, a rare tag': { state: 'failed', tag: 'rare' },
    'completed since': { state: 'completed', since },
    'completed since, a tag of all': { state: 'completed', since, tag: 'all' },
    waiting: { state: 'waiting' },
    'waiting since, which none is': { state: 'waiting', since: Date.now() },
  };
  for (const [name, asked] of Object.entries(questions)) {
    const times: number[] = [];
    let found = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const startedAt = performance.now();
      const { tasks } = await broker.inspector.page({ ...asked, queue: 'default', limit: 100 });
      times.push(performance.now() - startedAt);
      found = tasks.length;
    }
    process.stdout.write(`${name.padEnd(32)} ${toText(times)}, ${found} tasks\n`);
  }
}

/** Page after page of 1,000, to the end. */
async function measureDeep(broker: Broker): Promise<void> {
  for (const state of ['completed', 'waiting'] as const) {
    const times: number[] = [];
    const seen = new Set<string>();
    let all = 0;
    let after: string | undefined;
    do {
      const startedAt = performance.now();
      const question = { queue: 'default', state, limit: 1_000, after };
      const { tasks, next } = await broker.inspector.page(question);
      times.push(performance.now() - startedAt);
      for (const { id } of tasks) seen.add(id);
      all += tasks.length;
      after = next;
    } while (after !== undefined);
    const told = `${all} tasks, each once: ${seen.size === all}`;
    process.stdout.write(`${`all ${state}, by 1,000`.padEnd(32)} ${toText(times)}, ${told}\n`);
  }
}

function toText(times: number[]): string {
  const sorted = times.toSorted((one, other) => one - other);
  const [first = 0, median = 0, last = 0] = [times[0], sorted[sorted.length >> 1], sorted.at(-1)];
  return `first ${first.toFixed(1)}, median ${median.toFixed(1)}, longest ${last.toFixed(1)}`;
}

/** The longest single call of Redis. */
async function slowest(redis: Redis): Promise<string> {
  const log = (await redis.slowlog('GET', 1_000)) as [number, number, number, string[]][];
  const longest = log.toSorted((one, other) => other[2] - one[2])[0];
  if (!longest) return `no single call of Redis took ${SLOW_US / 1_000} ms`;
  const [, , micros, words] = longest;
  const command = words.slice(0, 14).join(' ').slice(0, 200);
  return `the longest single call of Redis took ${micros / 1_000} ms: ${command}`;
}

await main();
