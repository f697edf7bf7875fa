import { Redis } from 'ioredis';

/** What is in Redis of tasks that nobody has taken. */
export interface FoundTasks {
  /** Entries of the queue. */
  readonly entries: number;
  /** Answered with 201, and in the queue once, with the payload that was sent. */
  readonly once: number;
  /** Answered with 201, and missing, there twice, or with another payload. */
  readonly wrong: number;
  /** In the queue without an answer: the flood ended before it came. */
  readonly unanswered: number;
}

const BASE = 'goflow:{default}:';
const PAGE = 10_000;

/** Looks up every task that was answered. @param pushed the number in each payload, by id */
export async function findTasks(
  url: string,
  pushed: ReadonlyMap<string, number>,
): Promise<FoundTasks> {
  const redis = new Redis(url);
  try {
    const times = new Map<string, number>();
    const numbers = new Map<string, number | undefined>();
    const entries = await redis.llen(`${BASE}wait`);
    for (let first = 0; first < entries; first += PAGE) {
      const ids = await redis.lrange(`${BASE}wait`, first, first + PAGE - 1);
      for (const id of ids) times.set(id, (times.get(id) ?? 0) + 1);
      for (const [id, n] of await numbersOf(redis, ids)) numbers.set(id, n);
    }
    const isOnce = ([id, n]: [string, number]): boolean => {
      const own = id.slice('default:'.length);
      return times.get(own) === 1 && numbers.get(own) === n;
    };
    const once = [...pushed].filter(isOnce).length;
    const unanswered = [...times.keys()].filter((id) => !pushed.has(`default:${id}`)).length;
    return { entries, once, wrong: pushed.size - once, unanswered };
  } finally {
    redis.disconnect();
  }
}

async function numbersOf(
  redis: Redis,
  ids: readonly string[],
): Promise<readonly (readonly [string, number | undefined])[]> {
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hget(`${BASE}${id}`, 'data');
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([, data], index) => {
    const { n } = JSON.parse((data as string | null) ?? '{}') as { n?: number };
    return [ids[index] ?? '', n];
  });
}
