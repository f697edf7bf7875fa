import {
  type Broker,
  GoflowError,
  isFinal,
  parseTaskId,
  type ReplyInbox,
  type TaskId,
  type TaskRecord,
  type TaskResult,
  toMs,
  WaitTimeoutError,
} from '@goflow/shared';
import type { WaitOptions } from './goflow.js';
import { Poller } from './poller.js';
import { type Answers, toWaitError, unknownError } from './task-answers.js';

/** How many ids pushed with a reply address are remembered; the others are only polled more often. */
const MAX_REMEMBERED = 100_000;

/** How much longer than its timeout a wait may take to have one last look. */
const LAST_LOOK_MS = 250;
/** After the inbox could not be opened, polling alone answers for this long. */
const INBOX_PAUSE_MS = 10_000;

/** `undefined`: there is no such task. */
type Settle = (outcome: TaskRecord | GoflowError | undefined) => void;

interface Patience {
  /** For ever, where it is left out: somebody else keeps the time. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for outcomes. 1. The first wait for a type opens the client's inbox, 2. later pushes of that type carry its address,
 * 3. the worker sends the outcome there, 4. a poll answers for what was pushed before, by others, or whose message was lost.
 */
export class Waiting {
  readonly #broker: Broker;
  readonly #answers: Answers;
  readonly #waiters = new Map<TaskId, Set<Settle>>();
  readonly #poller: Poller;
  /** Types that this client waits for. */
  readonly #types = new Set<string>();
  /** Ids that carry this client's address. */
  readonly #addressed = new Set<TaskId>();
  #inbox: ReplyInbox | undefined;
  #opening: Promise<void> | undefined;
  #opensAgainAt = 0;
  #closed = false;

  constructor(broker: Broker, answers: Answers) {
    this.#broker = broker;
    this.#answers = answers;
    this.#poller = new Poller((ids) => this.#look(ids));
  }

  /** The address that a task of this type is to carry; `undefined` for types nobody waits for. */
  addressFor(id: TaskId, type: string): string | undefined {
    if (!this.#inbox || !this.#types.has(type)) return undefined;
    if (this.#addressed.size < MAX_REMEMBERED) this.#addressed.add(id);
    return this.#inbox.address;
  }

  async wait(id: TaskId, options: WaitOptions = {}): Promise<unknown> {
    const timeoutMs = toMs('timeout', options.timeout ?? '30s', { minMs: 1 });
    if (!parseTaskId(id)) throw unknownError(id);
    const result = await this.outcome(id, { timeoutMs, signal: options.signal });
    const error = toWaitError(result);
    if (error) throw error;
    return result.status === 'completed' ? result.value : undefined;
  }

  /** Waits until a task has ended, however it did; `unknown` at once for an id that has none. */
  async outcome(id: TaskId, patience: Patience): Promise<TaskResult> {
    if (this.#closed) throw closedError();
    if (patience.signal?.aborted) throw abortedError(id, patience.signal);
    if (!parseTaskId(id)) return { status: 'unknown', id };
    this.#openInbox();
    return this.#answers.result(id, await this.#record(id, patience));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#poller.stop();
    for (const waiters of this.#waiters.values())
      for (const settle of waiters) settle(closedError());
    await this.#inbox?.close();
    this.#inbox = undefined;
  }

  #record(id: TaskId, { timeoutMs, signal }: Patience): Promise<TaskRecord | undefined> {
    return new Promise((resolve, reject) => {
      let isSettled = false;
      const settle: Settle = (outcome) => {
        if (isSettled) return;
        isSettled = true;
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#forget(id, settle);
        if (outcome instanceof GoflowError) reject(outcome);
        else resolve(outcome);
      };
      const onAbort = (): void => settle(abortedError(id, signal));
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => this.#lookLast(id, timeoutMs, settle), timeoutMs);
      signal?.addEventListener('abort', onAbort);
      this.#remember(id, settle);
    });
  }

  /** One last look: its message may have been lost. */
  #lookLast(id: TaskId, timeoutMs: number, settle: Settle): void {
    const over = (): void => {
      clearTimeout(late);
      settle(new WaitTimeoutError(id, timeoutMs));
    };
    const late = setTimeout(over, LAST_LOOK_MS);
    this.#look([id]).then(over, over);
  }

  #remember(id: TaskId, settle: Settle): void {
    const waiters = this.#waiters.get(id);
    if (waiters) waiters.add(settle);
    else this.#waiters.set(id, new Set([settle]));
    this.#poller.add(id, this.#addressed.has(id) ? 'announced' : 'unannounced');
  }

  #forget(id: TaskId, settle: Settle): void {
    const waiters = this.#waiters.get(id);
    waiters?.delete(settle);
    if (waiters?.size !== 0) return;
    this.#waiters.delete(id);
    this.#poller.remove(id);
  }

  #deliver(record: TaskRecord): void {
    this.#addressed.delete(record.id);
    for (const settle of this.#waiters.get(record.id) ?? []) settle(record);
  }

  /** One look at open waits; answers those that have an outcome, and learns which types are waited for. */
  async #look(ids: readonly TaskId[]): Promise<void> {
    const records = await this.#broker.read(ids);
    records.forEach((record, index) => {
      const id = ids[index] ?? '';
      const current = this.#answers.current(record);
      if (current) this.#types.add(current.type);
      if (current && isFinal(current.state)) this.#deliver(current);
      else if (!current) for (const settle of this.#waiters.get(id) ?? []) settle(undefined);
    });
  }

  #openInbox(): void {
    if (this.#inbox || this.#opening || performance.now() < this.#opensAgainAt) return;
    this.#opening = this.#broker
      .openInbox({
        reply: (record) => this.#deliver(record),
        ready: (id) => this.#poller.lookNow(id),
        gap: () => this.#poller.lookNow(),
      })
      .then((inbox) => {
        if (this.#closed) return inbox.close();
        this.#inbox = inbox;
        return undefined;
      })
      // Without an inbox polling answers; a later wait tries again.
      .catch(() => {
        this.#opensAgainAt = performance.now() + INBOX_PAUSE_MS;
      })
      .finally(() => {
        this.#opening = undefined;
      });
  }
}

/** CLIENT_CLOSED */
export const closedError = (): GoflowError =>
  new GoflowError('CLIENT_CLOSED', 'the client is closed');

const abortedError = (id: TaskId, signal: AbortSignal | undefined): GoflowError =>
  new GoflowError('WAIT_ABORTED', `the wait for task ${id} was aborted; the task goes on`, {
    cause: signal?.reason,
  });
