import {
  checkKnown,
  checkPrefix,
  DEFAULT_PREFIX,
  GoflowError,
  isGoflowError,
  parseTaskId,
  type ResultStore,
  type TaskId,
} from '@goflow/shared';
import { checkKept, resultStoreAway, storeTimeoutMs } from '../results/store-rules.js';
import { Deadline } from './deadline.js';
import { resultKey } from './keys.js';
import {
  closeRedis,
  connectProducer,
  type RedisConnection,
  type RedisGiven,
} from './redis-connection.js';

/** Options of {@link createRedisResultStore}. */
export interface RedisResultStoreOptions {
  /** As for a client; it need not be the Redis of the tasks. */
  readonly redis: RedisGiven;
  /** @default 'goflow' */
  readonly prefix?: string | undefined;
  /** The longest that one call may take, Redis away or not. '10ms' to '10m'. @default '5s' */
  readonly timeout?: unknown;
}

/** Results in keys of Redis. */
export interface RedisResultStore extends ResultStore {
  /** Closes the connection, where the store opened it. Calls after it fail as CLIENT_CLOSED. */
  close(): Promise<void>;
}

/**
 * Keeps results in Redis, one key a result, which Redis frees by itself. Connects at once, in the background. While Redis is away
 * a call is tried again within its time.
 *
 * @throws OPTION_INVALID
 */
export function createRedisResultStore(options: RedisResultStoreOptions): RedisResultStore {
  checkKnown('createRedisResultStore options', options, ['redis', 'prefix', 'timeout']);
  return new RedisStore(options);
}

/** Redis serves nobody else during one MGET. */
const MAX_PER_CALL = 500;

/** An asked id, and where its result goes in the answer. */
interface Asked {
  readonly index: number;
  readonly key: string;
}

class RedisStore implements RedisResultStore {
  readonly #prefix: string;
  readonly #connection: RedisConnection;
  readonly #deadline: Deadline;
  /** An error without a listener is printed; each call tells it anyway. */
  readonly #onError = (): void => undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RedisResultStoreOptions) {
    this.#prefix = checkPrefix(options.prefix ?? DEFAULT_PREFIX);
    const timeoutMs = storeTimeoutMs(options.timeout);
    this.#connection = connectProducer(options.redis);
    this.#connection.redis.on('error', this.#onError);
    this.#deadline = new Deadline(this.#connection.redis, timeoutMs);
  }

  async put(id: TaskId, resultJson: string, ttlMs: number): Promise<void> {
    const key = resultKey(this.#prefix, checkKept(id, ttlMs));
    const { redis } = this.#connection;
    await this.#within(() => redis.set(key, resultJson, 'PX', ttlMs));
  }

  async get(ids: readonly TaskId[]): Promise<readonly (string | undefined)[]> {
    const results: (string | undefined)[] = ids.map(() => undefined);
    const calls = this.#callsFor(ids);
    if (calls.length > 0)
      await this.#within(() => Promise.all(calls.map((asked) => this.#read(asked, results))));
    return results;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { redis, owned } = this.#connection;
    this.#deadline.release();
    if (owned) await closeRedis(redis);
    else redis.off('error', this.#onError);
  }

  /** What one MGET may ask for: results of one queue, which are in one slot of a Redis Cluster. */
  #callsFor(ids: readonly TaskId[]): readonly (readonly Asked[])[] {
    const queues = new Map<string, Asked[]>();
    ids.forEach((id, index) => {
      const parts = parseTaskId(id);
      if (parts === undefined) return;
      const asked = { index, key: resultKey(this.#prefix, parts) };
      const others = queues.get(parts.queue);
      if (others) others.push(asked);
      else queues.set(parts.queue, [asked]);
    });
    return [...queues.values()].flatMap(slices);
  }

  async #read(asked: readonly Asked[], results: (string | undefined)[]): Promise<void> {
    const found = await this.#connection.redis.mget(asked.map(({ key }) => key));
    asked.forEach(({ index }, at) => {
      results[index] = found[at] ?? undefined;
    });
  }

  async #within<T>(command: () => Promise<T>): Promise<T> {
    if (this.#closing) throw new GoflowError('CLIENT_CLOSED', 'the result store is closed');
    try {
      return await this.#deadline.within(command);
    } catch (error) {
      throw isGoflowError(error, 'CLIENT_CLOSED') ? error : resultStoreAway(error);
    }
  }
}

function slices(asked: readonly Asked[]): readonly (readonly Asked[])[] {
  const count = Math.ceil(asked.length / MAX_PER_CALL);
  return Array.from({ length: count }, (_, at) =>
    asked.slice(at * MAX_PER_CALL, (at + 1) * MAX_PER_CALL),
  );
}
