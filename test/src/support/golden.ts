import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

/** What one key held. */
type Stored =
  | { readonly hash: Readonly<Record<string, string>> }
  | { readonly list: readonly string[] }
  | { readonly set: readonly string[] }
  | { readonly zset: readonly string[] }
  | { readonly string: string };

/** The queue `default` as a release left it: the keys of a real one, by what follows the queue in their names. */
export interface Golden {
  /** Milliseconds since 1970. */
  readonly madeAt: number;
  /** The tasks in it, by what is special about them. */
  readonly ids: Readonly<Record<string, string>>;
  readonly keys: Readonly<Record<string, Stored>>;
}

export function readGolden(name: string): Golden {
  const file = new URL(`../fixtures/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Golden;
}

/** Puts a queue under a prefix, as if it had been left a moment ago. */
export async function restoreGolden(redis: Redis, prefix: string, golden: Golden): Promise<void> {
  const shift = Date.now() - golden.madeAt;
  const pipeline = redis.pipeline();
  for (const [name, stored] of Object.entries(golden.keys)) {
    const key = `${prefix}:{default}:${name}`;
    if ('hash' in stored)
      pipeline.hset(
        key,
        mapped(stored.hash, (value) => shifted(value, golden.madeAt, shift)),
      );
    else if ('list' in stored) pipeline.rpush(key, ...stored.list);
    else if ('set' in stored) pipeline.sadd(key, ...stored.set);
    else if ('string' in stored) pipeline.set(key, stored.string);
    else pipeline.zadd(key, ...scoresOf(name, stored.zset, { ...golden, shift }));
  }
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
}

/** All times in a text, in milliseconds since 1970. */
const shifted = (text: string, madeAt: number, shift: number): string =>
  text.replace(/(?<!\d)\d{13}(?!\d)/g, (digits) =>
    Math.abs(Number(digits) - madeAt) < YEAR_MS ? String(Number(digits) + shift) : digits,
  );

const YEAR_MS = 366 * 86_400_000;
/** BullMQ's factor in the scores of delayed tasks. */
const PER_MS = 0x1000;

function scoresOf(
  name: string,
  members: readonly string[],
  { madeAt, shift }: { readonly madeAt: number; readonly shift: number },
): string[] {
  const scores: string[] = [];
  for (let at = 0; at + 1 < members.length; at += 2) {
    const [member = '', score = ''] = members.slice(at, at + 2);
    const moved =
      name === 'delayed' ? String(Number(score) + shift * PER_MS) : shifted(score, madeAt, shift);
    scores.push(moved, member);
  }
  return scores;
}

function mapped(
  given: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, change(value)]));
}
