import type { Redis } from 'ioredis';
import type { KeyFacts, PrefixFacts } from './facts.js';

/** Of one server. One SCAN of 1,000 takes Redis well under a millisecond. */
const MAX_KEYS = 500_000;
const MAX_MS = 1_000;
const PAGE = 1_000;
/** How many queues of a prefix are asked whether they are BullMQ's. */
const ASKED = 5;

/** BullMQ refuses `:` in the name of a queue; a prefix may hold some. */
const META = /^(.+):([^:]+):meta$/;
/** What BullMQ writes into the key. */
const VERSION = /^bullmq/;

type Queues = Map<string, Set<string>>;

/** Looks through the names of keys for those that BullMQ keeps of each queue, whatever the prefix. */
export async function findPrefixes(servers: readonly Redis[], own: string): Promise<KeyFacts> {
  const found: Queues = new Map();
  const scans = await Promise.all(servers.map((server) => scan(server, found)));
  const prefixes: PrefixFacts[] = [];
  for (const [prefix, names] of found) {
    if (prefix !== own && !(await areBullQueues(servers, prefix, [...names]))) continue;
    const isTagged = (name: string): boolean => /\{.+\}/.test(`${prefix}:${name}`);
    prefixes.push({
      prefix,
      tagged: [...names].filter(isTagged).map((name) => name.replace(/^\{(.*)\}$/, '$1')),
      untagged: [...names].filter((name) => !isTagged(name)),
    });
  }
  return {
    isComplete: scans.every(({ isComplete }) => isComplete),
    looked: scans.reduce((all, { looked }) => all + looked, 0),
    prefixes: prefixes.sort((a, b) => (a.prefix < b.prefix ? -1 : 1)),
  };
}

async function scan(
  server: Redis,
  found: Queues,
): Promise<{ isComplete: boolean; looked: number }> {
  const endsAt = performance.now() + MAX_MS;
  let cursor = '0';
  let looked = 0;
  do {
    const [next, keys] = await server.scan(cursor, 'MATCH', '*:meta', 'COUNT', PAGE);
    for (const key of keys) {
      const [, prefix = '', name = ''] = META.exec(key) ?? [];
      if (prefix) found.set(prefix, (found.get(prefix) ?? new Set()).add(name));
    }
    cursor = next;
    looked += PAGE;
  } while (cursor !== '0' && looked < MAX_KEYS && performance.now() < endsAt);
  return { isComplete: cursor === '0', looked };
}

/**
 * Anybody may call a key `something:meta`. Where this user may not look into it, its name has to do, with the company that BullMQ keeps
 * there.
 */
async function areBullQueues(
  servers: readonly Redis[],
  prefix: string,
  names: readonly string[],
): Promise<boolean> {
  for (const name of names.slice(0, ASKED))
    for (const server of servers) {
      const key = `${prefix}:${name}:meta`;
      try {
        const [version, maxLen] = await server.hmget(key, 'version', 'opts.maxLenEvents');
        if (VERSION.test(version ?? '') || maxLen) return true;
      } catch (error) {
        if (String(error).includes('NOPERM')) return true;
      }
    }
  return false;
}
