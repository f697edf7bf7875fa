import { setTimeout as pause } from 'node:timers/promises';

/** What a promise comes to within this time; `undefined` when it takes longer, and goes on. */
export async function comeTo<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const known = new AbortController();
  const { signal } = known;
  const over = pause(ms, undefined, { signal }).catch(() => undefined);
  try {
    return await Promise.race([promise, over]);
  } finally {
    known.abort();
  }
}
