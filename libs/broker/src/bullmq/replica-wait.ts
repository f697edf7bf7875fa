import { GoflowError, type Pushed, type TaskId } from '@goflow/shared';
import type { Redis } from 'ioredis';
import type { ResolvedReplicas } from './replicas-option.js';

/** What `WAIT` answers when its server was demoted. That is a reply without a word of its own. */
const DEMOTED = /WAIT cannot be used with replica/;

/**
 * Lets a write count as done when enough replicas have it. `WAIT` speaks of what its own connection wrote, so a write whose connection is
 * not the one of the `WAIT` has to be made again: the new server may not have it at all. At most one `WAIT` is on its way: writes that
 * end meanwhile share the next one, for Redis does nothing else for a connection that waits.
 */
export class ReplicaWait {
  readonly #redis: Redis;
  readonly #options: ResolvedReplicas;
  #current: Promise<unknown> | undefined;
  #next: Promise<number> | undefined;

  constructor(redis: Redis, options: ResolvedReplicas) {
    this.#redis = redis;
    this.#options = options;
  }

  /**
   * Runs `write`, and waits for the replicas. It must be safe to run again, which is asked for by an error that says that the connection is
   * away. When replicas are missing, a list of outcomes has REPLICAS_MISSING in the place of each that went well.
   *
   * @param what is written, for who is told that replicas are missing. @default 'the task'
   * @throws REPLICAS_MISSING
   */
  async confirmed<T>(write: () => Promise<T>, what = 'the task'): Promise<T> {
    const socket = this.#redis.stream;
    const answer = await write();
    if (Array.isArray(answer) && answer.every((one) => one instanceof Error)) return answer as T;
    const replicas = await this.#replicas();
    if (this.#redis.stream !== socket) throw new Error('Connection is closed.');
    const { wanted } = this.#options;
    if (replicas >= wanted) return answer;
    const missing = (written: unknown): Error =>
      replicasMissing({ what, replicas, wanted, id: idOf(written) });
    if (!Array.isArray(answer)) throw missing(answer);
    return answer.map((one: unknown) => (one instanceof Error ? one : missing(one))) as T;
  }

  #replicas(): Promise<number> {
    this.#next ??= this.#take();
    return this.#next;
  }

  async #take(): Promise<number> {
    await (this.#current ?? endOfTurn());
    const { wanted, timeoutMs } = this.#options;
    this.#next = undefined;
    const answer = this.#redis.wait(wanted, timeoutMs);
    // Who comes next waits for its end, whatever that is.
    this.#current = answer.catch(() => undefined);
    try {
      return await answer;
    } catch (error) {
      throw DEMOTED.test(String(error)) ? new Error(`READONLY ${String(error)}`) : error;
    } finally {
      if (!this.#next) this.#current = undefined;
    }
  }
}

/** True for outcomes that say that replicas are missing: what comes after them is not tried. */
export function isMissingReplicas(error: unknown): error is GoflowError {
  return error instanceof GoflowError && error.code === 'REPLICAS_MISSING';
}

/** For what comes after {@link isMissingReplicas}, and was not sent. */
export function notTriedAfter(missing: GoflowError): GoflowError {
  const message = 'replicas are missing for what was pushed before; nothing was sent';
  return new GoflowError('BROKER_UNAVAILABLE', message, {
    cause: missing,
    details: { afterMs: 0, sent: false },
  });
}

interface Missing {
  readonly what: string;
  readonly replicas: number;
  readonly wanted: number;
  /** Of the task, where the write told it. */
  readonly id: TaskId | undefined;
}

function replicasMissing({ what, replicas, wanted, id }: Missing): GoflowError {
  const named = id === undefined ? what : `${what} ${id}`;
  const message = `${named} is in Redis, but only ${replicas} of ${wanted} replicas have it by now`;
  const details = { sent: true, replicas, wanted, ...(id === undefined ? {} : { id }) };
  return new GoflowError('REPLICAS_MISSING', message, { details });
}

/** Of a task that was there already, its own. */
const idOf = (written: unknown): TaskId | undefined => (written as Partial<Pushed> | undefined)?.id;

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
