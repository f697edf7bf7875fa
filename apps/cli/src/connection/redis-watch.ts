import { setTimeout as delay } from 'node:timers/promises';
import { type Broker, GoflowError, isGoflowError } from '@goflow/shared';

/** What is waited for, and who is told meanwhile. */
export interface WatchedWait<T> {
  readonly broker: Pick<Broker, 'ping'>;
  readonly note: (text: string) => void;
  readonly wait: () => Promise<T>;
}

const EVERY_MS = 1_000;
/** So long one answer may take: a busy Redis is not away. */
const PATIENCE_MS = 2_000;

/**
 * Waits, and says meanwhile when Redis no longer answers, once an outage, and when it is back. A time that is over while Redis is away says
 * nothing of the task: that is told as BROKER_UNAVAILABLE in place of WAIT_TIMEOUT.
 *
 * @throws BROKER_UNAVAILABLE, and what the wait throws
 */
export async function whileRedisIsWatched<T>(given: WatchedWait<T>): Promise<T> {
  const over = new AbortController();
  const watching = watchRedis(given, over.signal);
  try {
    return await given.wait();
  } catch (error) {
    if (!isGoflowError(error, 'WAIT_TIMEOUT')) throw error;
    over.abort();
    const trouble = await troubleOf(given.broker);
    if (trouble === undefined) throw error;
    const message = `the time is over and Redis is away, so whether the task has ended is not known: ${trouble}`;
    throw new GoflowError('BROKER_UNAVAILABLE', message, { cause: error });
  } finally {
    over.abort();
    await watching;
  }
}

async function watchRedis(
  { broker, note }: Omit<WatchedWait<unknown>, 'wait'>,
  over: AbortSignal,
): Promise<void> {
  let isAway = false;
  while (!over.aborted) {
    const trouble = await troubleOf(broker, over);
    if (over.aborted) return;
    if (trouble !== undefined && !isAway) note(`Redis is away, and looked for: ${trouble}`);
    if (trouble === undefined && isAway) note('Redis answers again');
    isAway = trouble !== undefined;
    await delay(EVERY_MS, undefined, { signal: over }).catch(() => undefined);
  }
}

/** Why Redis cannot be reached; `undefined` when it answers, with a refusal, too. */
async function troubleOf(
  broker: Pick<Broker, 'ping'>,
  over?: AbortSignal,
): Promise<string | undefined> {
  const patience = new AbortController();
  const signal = over ? AbortSignal.any([over, patience.signal]) : patience.signal;
  const answer = broker.ping().then(
    () => undefined,
    (error: Error) => (isGoflowError(error, 'BROKER_UNAVAILABLE') ? error.message : undefined),
  );
  const late = delay(PATIENCE_MS, `no answer for ${PATIENCE_MS / 1_000} s`, { signal });
  try {
    return await Promise.race([answer, late.catch(() => undefined)]);
  } finally {
    patience.abort();
  }
}
