import type { Writable } from 'node:stream';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { DECIDED, type RedisUrl, readRedisUrl } from '../redis-url.js';
import { checkRedisGiven, isInstance, type RedisGiven } from './redis-given.js';
import { reviveAfterEnd } from './revive.js';
import { cutWhenSilent } from './silence.js';
import { tendSocketErrors } from './socket-errors.js';

export type { RedisGiven } from './redis-given.js';

/** A connection, and who closes it: who opened it. */
export interface RedisConnection {
  readonly redis: Redis | Cluster;
  readonly owned: boolean;
}

/** Where every connection starts. Sources of the values: the fault study of ioredis 6 and BullMQ 6 in docs/decisions/0003. */
const COMMON = {
  enableReadyCheck: true,
  autoResendUnfulfilledCommands: true,
  keepAlive: 5_000,
  // How long a closed socket may linger, and keep the process alive.
  disconnectTimeout: 200,
} satisfies RedisOptions;

/** Workers wait for Redis and come back by themselves. */
export const CONSUMER_OPTIONS = {
  ...COMMON,
  maxRetriesPerRequest: null,
  enableOfflineQueue: true,
  connectTimeout: 5_000,
  // Longer than the longest block of BullMQ (10 s) plus its watchdog, shorter than half a lease: heals half-open sockets.
  socketTimeout: 15_000,
  retryStrategy: (times: number) =>
    Math.min(50 * 2 ** Math.min(times, 10), 3_000) + Math.random() * 200,
  // 2: connect again and send the command again. A demoted master otherwise makes a hot loop of errors.
  reconnectOnError: (error: Error): false | 1 | 2 =>
    /^(READONLY|UNBLOCKED)/.test(error.message) ? 2 : false,
} satisfies RedisOptions;

/** It subscribes again by itself: see `subscriber.ts`. */
const SUBSCRIBER_OPTIONS = { ...CONSUMER_OPTIONS, autoResubscribe: false } satisfies RedisOptions;

const LATER = { ...CONSUMER_OPTIONS, lazyConnect: true } satisfies RedisOptions;

/** Producers fail fast: nothing is queued up in memory while Redis is away. */
export const PRODUCER_OPTIONS = {
  ...COMMON,
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  connectTimeout: 2_000,
  socketTimeout: 5_000,
  retryStrategy: (times: number) => Math.min(100 * times, 1_000) + Math.random() * 100,
  // 1: connect again but let the caller see the error, who knows when time is up.
  reconnectOnError: (error: Error): false | 1 | 2 =>
    /^(READONLY|UNBLOCKED)/.test(error.message) ? 1 : false,
} satisfies RedisOptions;

const SENTINEL_OPTIONS = {
  failoverDetector: true,
  sentinelRetryStrategy: (times: number) => Math.min(times * 50, 1_000),
} satisfies RedisOptions;

const CLUSTER_OPTIONS = {
  maxRedirections: 64,
  retryDelayOnFailover: 250,
  retryDelayOnClusterDown: 250,
  retryDelayOnMoved: 100,
  slotsRefreshTimeout: 3_000,
  clusterRetryStrategy: (times: number) => Math.min(100 * times, 1_000),
};

/** Names stay names until a socket is opened: certificates are for names, and one that is not found must not hide the other nodes. */
const keepName = (name: string, answer: (error: null, address: string) => void): void =>
  answer(null, name);

type Profile = typeof CONSUMER_OPTIONS | typeof LATER | typeof PRODUCER_OPTIONS;

/**
 * Opens a connection for a producer: the caller's own instance as it is, else one of goflow's.
 *
 * @throws OPTION_INVALID
 */
export function connectProducer(given: RedisGiven): RedisConnection {
  checkRedisGiven(given);
  if (isInstance(given)) return { redis: given, owned: false };
  return { redis: tendSockets(open(given, PRODUCER_OPTIONS)), owned: true };
}

/**
 * Makes a connection for a consumer; it connects when {@link startConnecting} is called. A caller's instance is only the pattern for it: a consumer must wait for Redis for
 * ever, which an instance made for something else does not.
 *
 * @throws OPTION_INVALID
 */
export function connectConsumer(given: RedisGiven): RedisConnection {
  checkRedisGiven(given);
  const redis = isInstance(given) ? duplicate(given, LATER) : open(given, LATER);
  return { redis: tendSockets(redis), owned: true };
}

/** Connects, where that was put off; ioredis goes on trying by itself. */
export function startConnecting(redis: Redis | Cluster): void {
  if (redis.status === 'wait') redis.connect().catch(() => undefined);
}

/** A second connection like the first, for a subscriber. */
export function connectSubscriber(redis: Redis | Cluster): Redis | Cluster {
  return duplicate(redis, SUBSCRIBER_OPTIONS);
}

/** A second connection like the first, for the blocking wait for tasks. */
export function connectBlocking(redis: Redis | Cluster): Redis | Cluster {
  return duplicate(redis, CONSUMER_OPTIONS);
}

/** True when commands can be sent now. */
export function isReady(redis: Redis | Cluster): boolean {
  return redis.status === 'ready' || (redis.isCluster && redis.status === 'connect');
}

/** Closes a connection; never waits for a server that does not answer. */
export async function closeRedis(redis: Redis | Cluster, timeoutMs = 500): Promise<void> {
  if (redis.status === 'end') return;
  if (isReady(redis)) {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([redis.quit().catch(() => undefined), patience]);
    clearTimeout(timer);
  }
  if ((redis.status as string) !== 'end') redis.disconnect();
}

/** More than this at once, and Redis and this process wait for each other in turns instead of working side by side. */
const MAX_HELD = 12;
/** In bytes. A write as long as this carries many tasks: Redis is to begin with them while this process makes up the next ones. */
const LONG_WRITE = 1_500;

/** What goflow does with each socket of a connection: writes in batches, and in place of ioredis a watch of its own over silence. */
function tendSockets<R extends Redis | Cluster>(redis: R): R {
  if (redis.isCluster) return redis;
  const single = redis as Redis;
  const { socketTimeout } = single.options;
  delete single.options.socketTimeout;
  single.on('connect', () => {
    corkEachTurn(single.stream);
    if (socketTimeout) cutWhenSilent(single, socketTimeout);
  });
  return redis;
}

/**
 * Lets all commands of one turn of the event loop leave in one system call. ioredis writes each by itself, and those writes
 * were a fifth of a busy worker's CPU.
 */
function corkEachTurn(stream: Writable): void {
  const write = stream.write;
  let held = 0;
  const release = (): void => {
    held = 0;
    stream.uncork();
  };
  // After the promises of this turn, which issue most commands.
  const releaseAtEnd = (): void => {
    if (held > 0) release();
  };
  stream.write = function corkedWrite(this: Writable, ...args: Parameters<Writable['write']>) {
    if (held === 0) {
      stream.cork();
      process.nextTick(releaseAtEnd);
    }
    held += 1;
    const hasRoom = write.apply(this, args);
    const [{ length }] = args as unknown as readonly [string | Buffer];
    if (held === MAX_HELD || length > LONG_WRITE) release();
    return hasRoom;
  } as Writable['write'];
}

function open(given: string | RedisOptions, profile: Profile): Redis | Cluster {
  const url = typeof given === 'string' ? readRedisUrl(given) : undefined;
  if (url?.kind === 'cluster') return openCluster(url, profile);
  if (url?.kind === 'single') return tended(new Redis(url.url, profile));
  return tended(openByOptions(url?.options ?? (given as RedisOptions), profile));
}

function openByOptions(given: RedisOptions, profile: Profile): Redis {
  const wishes = Object.fromEntries(
    Object.entries(given).filter(([name]) => !DECIDED.includes(name)),
  );
  const sentinel = given.sentinels ? SENTINEL_OPTIONS : {};
  return new Redis({ ...profile, ...sentinel, ...wishes });
}

function openCluster(
  { nodes, login }: Extract<RedisUrl, { kind: 'cluster' }>,
  profile: Profile,
): Cluster {
  const { connectTimeout, socketTimeout, keepAlive, disconnectTimeout } = profile;
  // What else the profile says is for one server: of a Cluster a consumer's is set in `duplicate`, a producer's is CLUSTER_OPTIONS.
  const limits = { connectTimeout, socketTimeout, keepAlive, disconnectTimeout };
  const isConsumers = profile.maxRetriesPerRequest === null;
  const cluster = new Cluster([...nodes], {
    ...CLUSTER_OPTIONS,
    lazyConnect: 'lazyConnect' in profile,
    dnsLookup: keepName,
    redisOptions: { ...login, ...(isConsumers ? { ...profile, lazyConnect: false } : limits) },
  });
  tendSocketErrors(cluster);
  return cluster;
}

function tended(redis: Redis): Redis {
  reviveAfterEnd(redis);
  tendSocketErrors(redis);
  return redis;
}

function duplicate(redis: Redis | Cluster, profile: Profile): Redis | Cluster {
  // A caller's own may be made for something else: see DECIDED.
  const decided = { lazyConnect: false, commandTimeout: undefined, ...profile };
  if (!redis.isCluster) {
    return tended((redis as Redis).duplicate(decided));
  }
  const cluster = redis as Cluster;
  const { replyMapping: _, ...options } = cluster.options.redisOptions ?? {};
  const copy = cluster.duplicate([], {
    ...CLUSTER_OPTIONS,
    lazyConnect: 'lazyConnect' in profile,
    redisOptions: { ...options, ...decided, lazyConnect: false },
  });
  tendSocketErrors(copy);
  return copy;
}
