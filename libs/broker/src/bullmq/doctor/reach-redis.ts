import { GoflowError } from '@goflow/shared';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { readRedisUrl } from '../../redis-url.js';
import { bareCause, brokerRefused, troubleOf } from '../redis-reply-error.js';
import { tendSocketErrors } from '../socket-errors.js';
import { sayHello } from './say-hello.js';

/** How Redis is reached. */
export interface ReachOptions {
  readonly redis: string | RedisOptions;
  readonly timeoutMs: number;
  /** Aborted: all is closed, and what waits for an answer rejects. */
  readonly signal?: AbortSignal | undefined;
}

/** What was opened. */
export interface Reached {
  /** For what belongs to one queue, or to the fleet. */
  readonly redis: Redis | Cluster;
  /** The server that was named. */
  readonly first: Redis;
  /** Connects to the server that was named once more. Ended with all the others, if not before. @throws what ioredis says */
  another(): Promise<Redis>;
  close(): void;
}

/**
 * Connects to a Redis once, without trying again; to all masters where it is a Cluster.
 *
 * @throws BROKER_UNAVAILABLE, BROKER_REFUSED; `details.reason` tells the cause: `refused`, `name`, `timeout`, `tls`, `certificate`, `full`,
 * `no-redis`, `sentinel`, `cluster`, `closed`, or Redis's own word, such as `WRONGPASS`
 */
export async function reachRedis(options: ReachOptions): Promise<Reached> {
  const { signal } = options;
  const opened: (Redis | Cluster)[] = [];
  const leave = (): void => {
    for (const connection of opened) connection.disconnect();
  };
  const close = (): void => {
    signal?.removeEventListener('abort', leave);
    leave();
  };
  signal?.addEventListener('abort', leave);
  try {
    signal?.throwIfAborted();
    const first = await firstThatAnswers(options, opened);
    const another = async (): Promise<Redis> => {
      const second = first.duplicate();
      opened.push(second);
      second.on('error', () => undefined);
      tendSocketErrors(second);
      await second.connect();
      return second;
    };
    if (!(await isOfCluster(first, options))) return { redis: first, first, another, close };
    const cluster = clusterOf(first, options);
    opened.push(cluster);
    await joined(cluster, first);
    return { redis: cluster, first, another, close };
  } catch (error) {
    close();
    signal?.throwIfAborted();
    throw toTold(error);
  }
}

/** Of several nodes of a Cluster; the last one's trouble is thrown. */
async function firstThatAnswers(
  options: ReachOptions,
  opened: (Redis | Cluster)[],
): Promise<Redis> {
  let trouble: unknown;
  for (const server of named(options.redis).servers) {
    options.signal?.throwIfAborted();
    const redis = open(server, options);
    opened.push(redis);
    try {
      await connected(redis, options);
      return redis;
    } catch (error) {
      trouble = error;
    }
  }
  throw trouble;
}

async function isOfCluster(first: Redis, options: ReachOptions): Promise<boolean> {
  const info = await first.info();
  if (info.includes('redis_mode:sentinel'))
    throw unreachable(
      'no-redis',
      'this is a Sentinel, and no Redis: name it redis+sentinel://host:port/name-of-the-master',
    );
  if (info.includes('cluster_enabled:1')) return true;
  if (!named(options.redis).isCluster) return false;
  throw unreachable(
    'cluster',
    `${addressOf(first)} is no node of a Redis Cluster: use redis:// in place of redis+cluster://`,
  );
}

/** Of a Cluster its nodes, to be asked one after another; the master behind Sentinels counts as one. */
interface Named {
  readonly servers: readonly (string | RedisOptions)[];
  readonly isCluster: boolean;
}

function named(redis: string | RedisOptions): Named {
  const url = typeof redis === 'string' ? readRedisUrl(redis) : undefined;
  if (url?.kind === 'sentinel') return { servers: [url.options], isCluster: false };
  if (url?.kind !== 'cluster') return { servers: [redis], isCluster: false };
  return { servers: url.nodes.map((node) => ({ ...node, ...url.login })), isCluster: true };
}

/** Where the server is, or its sentinels are. */
function addressOf({ options }: Redis): string {
  const { host = '127.0.0.1', port = 6379, sentinels, name, path } = options;
  const listed = sentinels?.map((one) => `${one.host}:${one.port ?? 26_379}`).join(', ');
  return listed === undefined ? (path ?? `${host}:${port}`) : `${name} (sentinels: ${listed})`;
}

function open(redis: string | RedisOptions, { timeoutMs }: ReachOptions): Redis {
  const profile = {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    // Once is enough to tell what is wrong.
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    disconnectTimeout: 200,
    connectionName: 'goflow-doctor',
  } satisfies RedisOptions;
  if (typeof redis === 'string') return new Redis(redis, profile);
  // As narrow as ioredis's overloads want it.
  return new Redis({ ...redis, ...profile } as typeof profile);
}

async function connected(redis: Redis, { timeoutMs, signal }: ReachOptions): Promise<void> {
  const errors: Error[] = [];
  redis.on('error', (error: Error) => errors.push(error));
  tendSocketErrors(redis);
  try {
    await redis.connect();
    // ioredis goes on where SELECT was refused: in another database.
    const refused = errors.find(({ name }) => name === 'ReplyError');
    if (refused) throw refused;
    await redis.ping();
  } catch (error) {
    signal?.throwIfAborted();
    throw await whyNot(redis, errors.at(0) ?? (error as Error), timeoutMs);
  }
}

/** Tells the causes apart for which different things are to be done. */
async function whyNot(redis: Redis, error: Error, timeoutMs: number): Promise<Error> {
  const { host = '127.0.0.1', port = 6379, tls, sentinels, path } = redis.options;
  const at = addressOf(redis);
  const { code = '', message } = error as NodeJS.ErrnoException;
  const word = replyWordOf(error);
  if (word !== undefined) return brokerRefused(word, error);
  if (sentinels && /sentinels are unreachable/.test(message))
    return unreachable(
      'sentinel',
      `no sentinel tells of a master ${at}: does one run there, is the name right? ${message}`,
    );
  if (code === 'ECONNREFUSED')
    return unreachable('refused', `nobody listens at ${at}: is Redis running, is it that port?`);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return unreachable('name', `the name ${host} cannot be resolved: is it spelled right?`);
  if (/CERT|certificate|self.signed|SIGNATURE|ALTNAME/i.test(`${code} ${message}`))
    return unreachable(
      'certificate',
      `the certificate of ${at} is not accepted: ${message}. Set NODE_EXTRA_CA_CERTS to the file of its CA, or use the name that it is for`,
    );
  const behind = sentinels || path ? 'silent' : await sayHello(host, port);
  if (behind === 'full') return brokerRefused('MAXCLIENTS', new Error('max number of clients'));
  if (behind === 'tls' && !tls)
    return unreachable('tls', `${at} speaks TLS only: use rediss:// in place of redis://`);
  if (behind === 'plain' && tls)
    return unreachable('tls', `${at} speaks no TLS: use redis:// in place of rediss://`);
  if (behind === 'other') return unreachable('no-redis', `what answers at ${at} is no Redis`);
  if (/ETIMEDOUT|timed out/i.test(`${code} ${message}`))
    return unreachable(
      'timeout',
      `no answer from ${at} within ${timeoutMs} ms: a firewall, a wrong address, or a Redis that stands still`,
    );
  return unreachable('closed', `the connection to ${at} ended: ${message}`);
}

/** The first word of what Redis answered; `undefined` where it did not. */
function replyWordOf(error: Error): string | undefined {
  const trouble = troubleOf(error);
  return 'word' in trouble ? trouble.word : undefined;
}

function clusterOf(first: Redis, { timeoutMs }: ReachOptions): Cluster {
  const { host = '127.0.0.1', port = 6379, username, password, tls } = first.options;
  const login = { ...(username ? { username } : {}), ...(password ? { password } : {}) };
  const cluster = new Cluster([{ host, port }], {
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: () => null,
    maxRedirections: 16,
    retryDelayOnFailover: 100,
    slotsRefreshTimeout: timeoutMs,
    redisOptions: {
      ...login,
      ...(tls ? { tls } : {}),
      maxRetriesPerRequest: 0,
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
      disconnectTimeout: 200,
      connectionName: 'goflow-doctor',
    },
  });
  cluster.on('error', () => undefined);
  tendSocketErrors(cluster);
  return cluster;
}

async function joined(cluster: Cluster, first: Redis): Promise<void> {
  try {
    await cluster.connect();
  } catch (error) {
    const word = replyWordOf(error as Error);
    if (word !== undefined) throw brokerRefused(word, error);
    const why = bareCause(error).message;
    throw unreachable(
      'cluster',
      `${addressOf(first)} is part of a Redis Cluster, whose other nodes cannot be reached from here by the addresses that they tell: ${why}`,
    );
  }
}

/** What went wrong after Redis had answered once. */
export function toTold(error: unknown): unknown {
  if (error instanceof GoflowError) return error;
  const word = replyWordOf(error as Error);
  if (word !== undefined) return brokerRefused(word, error);
  const { message } = bareCause(error);
  const reason = /timed out/i.test(message) ? 'timeout' : 'closed';
  return unreachable(reason, `Redis answered, and then no more: ${message}`);
}

function unreachable(reason: string, message: string): GoflowError {
  return new GoflowError('BROKER_UNAVAILABLE', message, { details: { reason, sent: false } });
}
