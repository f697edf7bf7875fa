import {
  type Broker,
  GoflowError,
  isFinal,
  parseTaskId,
  type ReplyInbox,
  type TaskId,
  type TaskRecord,
  toMs,
  WaitTimeoutError,
} from '@goflow/shared';
import type { WaitOptions } from './goflow.js';
import { Poller } from './poller.js';
import { toWaitError } from './task-answers.js';

/** How many ids pushed with a reply address are remembered; the others are only polled more often. */
const MAX_REMEMBERED = 100_000;

/** How much longer than its timeout a wait may take to have one last look. */
const LAST_LOOK_MS = 250;
/** After the inbox could not be opened, polling alone answers for this long. */
const INBOX_PAUSE_MS = 10_000;

type Settle = (record: TaskRecord | GoflowError) => void;

/**
 * Waits for outcomes. 1. The first wait for a type opens the client's inbox, 2. later pushes of that type carry its address,
 * 3. the worker sends the outcome there, 4. a poll answers for what was pushed before, by others, or whose message was lost.
 */
export class Waiting {
  readonly #broker: Broker;
  readonly #isOver: (record: TaskRecord) => boolean;
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

  constructor(broker: Broker, isOver: (record: TaskRecord) => boolean) {
    this.#broker = broker;
    this.#isOver = isOver;
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
    if (this.#closed) throw closedError();
    if (options.signal?.aborted) throw abortedError(id, options.signal);
    if (!parseTaskId(id)) throw unknownError(id);
    this.#openInbox();
    const record = await this.#outcome(id, timeoutMs, options.signal);
    const error = toWaitError(record);
    if (error) throw error;
    return record.result;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#poller.stop();
    for (const waiters of this.#waiters.values())
      for (const settle of waiters) settle(closedError());
    await this.#inbox?.close();
    this.#inbox = undefined;
  }

  #outcome(id: TaskId, timeoutMs: number, signal: AbortSignal | undefined): Promise<TaskRecord> {
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
      const timer = setTimeout(() => {
        // One last look: its message may have been lost.
        const late = setTimeout(() => settle(new WaitTimeoutError(id, timeoutMs)), LAST_LOOK_MS);
        const over = (): void => {
          clearTimeout(late);
          settle(new WaitTimeoutError(id, timeoutMs));
        };
        this.#look([id]).then(over, over);
      }, timeoutMs);
      signal?.addEventListener('abort', onAbort);
      this.#remember(id, settle);
    });
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
      if (!record || this.#isOver(record))
        for (const settle of this.#waiters.get(id) ?? []) settle(unknownError(id));
      else {
        this.#types.add(record.type);
        if (isFinal(record.state)) this.#deliver(record);
      }
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

const closedError = (): GoflowError => new GoflowError('CLIENT_CLOSED', 'the client is closed');

const unknownError = (id: unknown): GoflowError =>
  new GoflowError('TASK_UNKNOWN', `there is no task ${JSON.stringify(String(id).slice(0, 100))}`);

const abortedError = (id: TaskId, signal: AbortSignal | undefined): GoflowError =>
  new GoflowError('WAIT_ABORTED', `the wait for task ${id} was aborted; the task goes on`, {
    cause: signal?.reason,
  });
