import type { Redis } from 'ioredis';
import { queueKey, replyChannel } from '../keys.js';
import type { Reached } from './reach-redis.js';

/** A command with as many arguments as it needs. `K` is a key of goflow's, `C` a channel. */
const ALWAYS = `
  eval x 0, evalsha ${'0'.repeat(40)} 0, info, time, ping, select 0, client setname x, client list
  bzpopmin K 0, xread streams K 0, del K, exists K, type K, get K, mget K, set K x, incr K, pexpire K 1, pttl K
  persist K, rename K K, scan 0, hget K x, hset K x x, hsetnx K x x, hmset K x x, hmget K x, hgetall K, hdel K x
  hexists K x, hincrby K x 1, hlen K, hscan K 0, hstrlen K x, llen K, lrange K 0 0, lindex K 0, lpos K x, lpush K x
  rpush K x, lpop K, rpop K, rpoplpush K K, lrem K 0 x, lset K 0 x, ltrim K 0 0, sadd K x, srem K x, scard K
  smembers K, sismember K x, sscan K 0, zadd K 0 x, zrem K x, zcard K, zcount K 0 0, zscore K x, zpopmin K
  zrange K 0 0, zrevrange K 0 0, zrangebyscore K 0 0, zrevrangebyscore K 0 0, zremrangebyrank K 0 0
  zremrangebyscore K 0 0, xadd K * x x, xtrim K maxlen 0, publish C x, unsubscribe C
`
  .trim()
  .split(/,\s|\n\s*/);

const IN_CLUSTER = ['cluster slots', 'cluster info', 'asking', 'readonly'];

/** Those whose first argument is part of their name. */
const WITH_PART = new Set(['client', 'cluster']);

/** The rights that are looked for, as an ACL rule names them; those among them that are not asked for inside a transaction, too. */
export function neededRights(isCluster: boolean): readonly string[] {
  const asked = [...ALWAYS, ...(isCluster ? IN_CLUSTER : [])];
  return ['multi', 'exec', 'subscribe', ...asked.map(rightOf)];
}

/**
 * The rights of docs/redis.md that this user does not have: what is only for some (`wait`, `client|setinfo`) is passed over. Redis looks at rights
 * when a command is queued in a transaction, and this one is never carried out: a dry run that needs no right of its own, unlike ACL
 * DRYRUN. `undefined` where that does not work, as behind some proxies, or where Redis has no room for two connections more.
 */
export async function findMissingRights(
  reached: Pick<Reached, 'another'>,
  prefix: string,
  isCluster: boolean,
): Promise<readonly string[] | undefined> {
  const asked = [...ALWAYS, ...(isCluster ? IN_CLUSTER : [])];
  // A key that nobody uses: were a proxy to carry out what it should queue, it would be no harm.
  const place = {
    key: queueKey(prefix, 'fleet', 'doctor'),
    channel: replyChannel(prefix, 'doctor'),
  };
  const opened: Redis[] = [];
  try {
    const queueing = await reached.another();
    opened.push(queueing);
    const listening = await reached.another();
    opened.push(listening);
    const missing: string[] = [];
    // Without a transaction it does nothing, and says so.
    if (await isForbidden(queueing, ['exec'])) missing.push('exec');
    if (await isForbidden(listening, ['subscribe', place.channel])) missing.push('subscribe');
    if (await isForbidden(queueing, ['multi'])) return ['multi', ...missing];
    if ((await queueing.call('ping')) !== 'QUEUED') return undefined;
    const queued = asked.map((line) => isForbidden(queueing, wordsOf(line, place)));
    const forbidden = await Promise.all(queued);
    return [...missing, ...asked.filter((_line, at) => forbidden[at]).map(rightOf)];
  } catch {
    return undefined;
  } finally {
    // Ends the transaction, too.
    for (const redis of opened) redis.disconnect();
  }
}

/** What else Redis says (out of memory, a replica, another node has the key) it says after it has looked at the rights. */
async function isForbidden(
  redis: Redis,
  [name = '', ...args]: readonly string[],
): Promise<boolean> {
  try {
    await redis.call(name, ...args);
    return false;
  } catch (error) {
    const { message, name: kind } = error as Error;
    if (kind !== 'ReplyError') throw error;
    // Of EXEC: `EXECABORT Transaction discarded because of: NOPERM …`.
    return message.includes('NOPERM');
  }
}

function wordsOf(
  line: string,
  { key, channel }: { readonly key: string; readonly channel: string },
): string[] {
  const stand: Readonly<Record<string, string>> = { K: key, C: channel };
  return line.split(' ').map((word) => stand[word] ?? word);
}

function rightOf(line: string): string {
  const [name = '', part = ''] = line.split(' ');
  return WITH_PART.has(name) ? `${name}|${part}` : name;
}
