import { troubleOf } from '../redis-reply-error.js';

/**
 * The answer, or `undefined` where Redis refuses one: no right to ask, a service that forbids it, a command that it does not know.
 * Rejects where there was no answer at all.
 */
export async function answerOf<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return undefined;
  }
}

/** Redis answered, with an error. */
export function isRefusal(error: unknown): boolean {
  const { kind } = troubleOf(error);
  return kind === 'refused' || kind === 'transient';
}
