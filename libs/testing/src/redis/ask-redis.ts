import { Redis } from 'ioredis';

/** What a command is given. */
export type RedisWord = string | number | Buffer;

/** Where a server is asked: {@link RedisServer} is such a place. */
export interface AskedServer {
  readonly url: string;
  /** PEM, when it speaks TLS with a CA of its own. */
  readonly ca?: string | undefined;
}

const PATIENCE_MS = 2_000;

/**
 * Sends one command over a connection of its own, and gives the reply.
 *
 * @throws Error when the server refuses it, is away, or stays silent for 2 s.
 */
export function askRedis(
  server: AskedServer,
  name: string,
  ...args: readonly RedisWord[]
): Promise<unknown> {
  return withRedis(server, (redis) => redis.call(name, ...args));
}

/** Opens a connection for `use`, and closes it after. It gives up at once when the server is away. */
export async function withRedis<T>(
  server: AskedServer,
  use: (redis: Redis) => Promise<T>,
): Promise<T> {
  const redis = new Redis(server.url, {
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: () => null,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
    ...(server.ca === undefined ? {} : { tls: { ca: server.ca } }),
  });
  // The failure is the command's.
  redis.on('error', () => undefined);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

/** The fields of a reply of `INFO` or `CLUSTER INFO`. */
export function infoFields(reply: unknown): ReadonlyMap<string, string> {
  const lines = String(reply).split('\r\n');
  return new Map(lines.flatMap((line) => [splitOnce(line)]));
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf(':');
  return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}
