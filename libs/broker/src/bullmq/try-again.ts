import { setTimeout as delay } from 'node:timers/promises';
import { troubleOf } from './redis-reply-error.js';

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;

/** How a command that Redis refuses for now is tried again. */
export interface Patience<Answer = never> {
  /** Ends all waiting: the consumer is closing. */
  readonly signal: AbortSignal;
  readonly report: (error: unknown) => void;
  /** What to answer instead of trying again, where there is something. */
  readonly instead?: () => Answer | undefined;
  /** Also when Redis will answer the same until somebody acts, such as that a key is of another type. @default false */
  readonly untilMended?: boolean;
}

/**
 * Goes on after the first `error` of a command: while Redis answers that it is out of memory, read only, loading, without rights …
 * the command waits, 0.1 s at first, 5 s at most, and is made again until it succeeds. Any other error is thrown.
 */
export async function tryAgain<Answer>(
  error: unknown,
  command: () => Promise<Answer>,
  { signal, report, instead, untilMended }: Patience<Answer>,
): Promise<Answer> {
  let last = error;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    const { kind } = troubleOf(last);
    const isPassing = kind === 'transient' || (untilMended === true && kind === 'refused');
    if (!isPassing || signal.aborted) throw last;
    report(last);
    const answer = instead?.();
    if (answer !== undefined) return answer;
    await pause(pauseMs, signal);
    try {
      return await command();
    } catch (next) {
      last = next;
    }
  }
}

/** Waits, half of it by chance, and no longer than the signal allows. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
}
