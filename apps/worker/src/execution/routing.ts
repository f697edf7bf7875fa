import type { Clock, TakenTask, Verdict } from '@goflow/shared';
import { failedFor } from './outcomes.js';

/** What is known of the other workers. */
export interface Routing {
  readonly clock: Clock;
  /** When a live worker last said that it has a handler for the type; `undefined` when none ever did. */
  readonly lastAdvertised: (type: string) => Promise<number | undefined>;
  /**
   * Since when this worker looks for others, in milliseconds since 1970: when a whole system comes back after a long outage, nobody has
   * been seen for long, and all will be there in a moment.
   */
  readonly lookingSince: () => number;
  /** How long nobody may have had a handler before a task becomes a dead letter, in milliseconds. */
  readonly unroutableAfterMs: number;
}

const FIRST_MS = 1_000;
const MAX_MS = 30_000;
/** A worker that said so within this time is alive. */
const ALIVE_MS = 15_000;
/** Away for so long, a task that another worker can run meets another worker. */
const ELSEWHERE_MS = 250;

/**
 * A task of a type without a handler here goes back, no attempt spent: for a moment when another worker is there to take it, else
 * for 1 s, 2 s, 4 s … 30 s. It is a dead letter only when nobody has had a handler for a long time.
 */
export async function handBackMissing(task: TakenTask, routing: Routing): Promise<Verdict> {
  let seenAt: number | undefined;
  try {
    seenAt = await routing.lastAdvertised(task.type);
  } catch {
    // Nothing is known of the others: it waits, however long it has been there.
    return handedBack(growingMs(task.starts));
  }
  const now = routing.clock.now();
  const missingMs = now - Math.max(seenAt ?? 0, task.dueAt, routing.lookingSince());
  if (missingMs > routing.unroutableAfterMs) return unroutable(task, missingMs);
  const isElsewhere = seenAt !== undefined && now - seenAt < ALIVE_MS;
  return handedBack(isElsewhere ? ELSEWHERE_MS * (0.5 + Math.random()) : growingMs(task.starts));
}

const handedBack = (delayMs: number): Verdict => ({
  kind: 'handed-back',
  reason: 'handler-missing',
  delayMs: Math.round(delayMs),
});

function unroutable({ type }: TakenTask, missingMs: number): Verdict {
  const seconds = Math.round(missingMs / 1_000);
  const message = `for ${seconds} s no live worker had a handler of ${type.slice(0, 100)}`;
  return { ...failedFor('HANDLER_MISSING', message), isUnspent: true };
}

function growingMs(starts: number): number {
  return Math.min(FIRST_MS * 2 ** Math.min(starts - 1, 10), MAX_MS);
}

/** The wait of a task that another worker may be able to run: about 0.25 s, a quarter longer at each start, at most 30 s. It may meet this one several times. */
export function untilAnotherMs(starts: number): number {
  const ms = Math.min(ELSEWHERE_MS * 1.25 ** Math.min(starts - 1, 30), MAX_MS);
  return Math.round(ms * (0.75 + Math.random() / 4));
}
