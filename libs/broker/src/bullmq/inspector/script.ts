import type { Cluster, Redis } from 'ioredis';

/** Where the keys of all queues lie. */
export interface QueueConnection {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
}

/** Runs a Lua script, as one step of Redis. All keys that it touches share a hash tag with the first of `keys`. */
export type Script<Answer> = (
  redis: Redis | Cluster,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<Answer>;

type Commands = Record<string, (keyCount: number, ...args: unknown[]) => Promise<never>>;

/** Makes a command of a Lua script. ioredis sends its hash, and its text where Redis does not know it yet. */
export function defineScript<Answer>(name: string, lua: string): Script<Answer> {
  return (redis, keys, args) => {
    if (!(name in redis)) redis.defineCommand(name, { lua });
    const command = (redis as unknown as Commands)[name] as Commands[string];
    return command.call(redis, keys.length, ...keys, ...args);
  };
}
