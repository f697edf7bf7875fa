import {
  type Broker,
  GoflowError,
  isFinal,
  parseTaskId,
  type ReplyInbox,
  type TaskFacts,
  type TaskId,
  type TaskRecord,
  type TaskResult,
  toMs,
  WaitTimeoutError,
} from '@goflow/shared';
import { Addressed } from './addressed.js';
import { checkId } from './check-id.js';
import type { WaitOptions } from './goflow.js';
import { LateCause } from './late-cause.js';
import { Poller } from './poller.js';
import { type Answers, factsOf, toWaitError } from './task-answers.js';

/** How much longer than its timeout a wait may take to have one last look. */
const LAST_LOOK_MS = 250;
/** Far more than any program has: a foreign job that is waited for may be called anything. */
const MAX_TYPES = 10_000;
/** After the inbox could not be opened, polling alone answers for this long. */
const INBOX_PAUSE_MS = 10_000;

/** What is heard of the end of a task; `undefined`: there is no such task. */
type Heard = TaskRecord | GoflowError | undefined;

/** Is told once how a task ended, or why that cannot be said; then with what is known of the task, where it is known. */
export type TellEnd = (outcome: TaskResult | Error, facts?: TaskFacts) => void;

interface Patience {
  /** For ever, where it is left out: somebody else keeps the time. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Waits for outcomes. 1. The first wait for a type opens the client's inbox, 2. later pushes of that type carry its address,
 * 3. the worker sends the outcome there, 4. a poll answers for what was pushed before, by others, or whose message was lost.
 */
export class Waiting {
  readonly #broker: Broker;
  readonly #answers: Answers;
  readonly #followers = new Map<TaskId, Follower[]>();
  readonly #poller: Poller;
  readonly #causes: LateCause;
  /** Types that this client waits for. */
  readonly #types = new Set<string>();
  readonly #addressed = new Addressed();
  #inbox: ReplyInbox | undefined;
  #opening: Promise<void> | undefined;
  #opensAgainAt = 0;
  #closed = false;

  constructor(broker: Broker, answers: Answers) {
    this.#broker = broker;
    this.#answers = answers;
    this.#causes = new LateCause(broker);
    this.#poller = new Poller((ids) => this.#look(ids));
  }

  /** Tasks of this type that are pushed from now on will be waited for. */
  expect(type: string): void {
    this.#types.add(type);
    this.#openInbox();
  }

  /** The address that a task of this type is to carry; `undefined` for types nobody waits for. */
  addressFor(id: TaskId, type: string): string | undefined {
    if (!this.#inbox || !this.#types.has(type)) return undefined;
    this.#addressed.add(id);
    return this.#inbox.address;
  }

  /** The same of a chunk of so many tasks. */
  addressForChunk(id: TaskId, type: string, size: number): string | undefined {
    if (!this.#inbox || !this.#types.has(type)) return undefined;
    this.#addressed.addChunk(id, size);
    return this.#inbox.address;
  }

  /** No outcome may come of a task or chunk that was given the address: it is not in, or is another's. */
  forgetAddress(id: TaskId): void {
    this.#addressed.delete(id);
  }

  async wait(id: TaskId, { timeout, signal }: WaitOptions = {}): Promise<unknown> {
    const timeoutMs =
      timeout === undefined ? DEFAULT_TIMEOUT_MS : toMs('timeout', timeout, { minMs: 1 });
    const result = await this.outcome(checkId(id), { timeoutMs, signal });
    const error = toWaitError(result);
    if (error) throw error;
    return result.status === 'completed' ? result.value : undefined;
  }

  /** Waits until a task has ended, however it did; `unknown` at once for an id that has none. */
  outcome(id: TaskId, { timeoutMs, signal }: Patience): Promise<TaskResult> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted && !this.#closed) {
        reject(abortedError(id, signal));
        return;
      }
      const end = (outcome: TaskResult | Error): void => {
        clearTimeout(timer);
        if (onAbort) signal?.removeEventListener('abort', onAbort);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const following = this.follow(id, end);
      const onAbort = signal && (() => following.giveUp(abortedError(id, signal)));
      if (onAbort) signal.addEventListener('abort', onAbort);
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => this.#lookLast(following, timeoutMs), timeoutMs);
    });
  }

  /** Tells of the end of a task, once, and never within this call. Without a promise and a signal: thousands may be open. */
  follow(id: TaskId, ended: TellEnd): Follower {
    const follower = new Follower(id, ended, this.#forget);
    if (this.#closed) queueMicrotask(() => follower.end(closedError()));
    else if (parseTaskId(id)) this.#remember(follower);
    else queueMicrotask(() => follower.end({ status: 'unknown', id }));
    return follower;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#poller.stop();
    for (const id of this.#followers.keys()) this.#settle(id, closedError());
    await this.#inbox?.close();
    this.#inbox = undefined;
  }

  /** One last look: its message may have been lost. One that nobody can take is told as such. */
  #lookLast(follower: Follower, timeoutMs: number): void {
    const { id } = follower;
    const over = (why?: string): void => {
      clearTimeout(late);
      follower.giveUp(new WaitTimeoutError(id, timeoutMs, why));
    };
    const late = setTimeout(() => over(), LAST_LOOK_MS);
    const whyOf = ([current]: readonly (TaskRecord | undefined)[]): Promise<void> | void => {
      clearTimeout(late);
      // A function of local mode has no contract, and workers do not tell of it.
      if (!current || !this.#answers.knows(current.type)) return over();
      return this.#causes.of(current).then(over);
    };
    this.#look([id]).then(whyOf, () => over());
  }

  #remember(follower: Follower): void {
    const { id } = follower;
    this.#openInbox();
    const others = this.#followers.get(id);
    if (others) others.push(follower);
    else this.#followers.set(id, [follower]);
    this.#poller.add(id, this.#addressed.has(id) ? 'announced' : 'unannounced');
  }

  readonly #forget = (follower: Follower): void => {
    const { id } = follower;
    const rest = this.#followers.get(id)?.filter((one) => one !== follower) ?? [];
    if (rest.length > 0) this.#followers.set(id, rest);
    else this.#forgetAll(id);
  };

  #forgetAll(id: TaskId): void {
    if (this.#followers.delete(id)) this.#poller.remove(id);
  }

  #deliver(record: TaskRecord): void {
    this.#addressed.delete(record.id);
    this.#settle(record.id, record);
  }

  #settle(id: TaskId, heard: Heard): void {
    const followers = this.#followers.get(id);
    if (!followers) return;
    this.#forgetAll(id);
    for (const follower of followers) this.#answer(follower, heard);
  }

  /** At once, but for a result that is kept elsewhere. */
  #answer(follower: Follower, heard: Heard): void {
    if (heard instanceof GoflowError) {
      follower.end(heard);
      return;
    }
    const fail = (error: unknown): void => follower.end(error as Error, heard && factsOf(heard));
    try {
      const outcome = this.#answers.result(follower.id, heard);
      if (outcome instanceof Promise) outcome.then((result) => follower.end(result), fail);
      else follower.end(outcome);
    } catch (error) {
      fail(error);
    }
  }

  /** One look at open waits; answers those that have an outcome, and learns which types are waited for. */
  async #look(ids: readonly TaskId[]): Promise<readonly (TaskRecord | undefined)[]> {
    const records = await this.#broker.read(ids);
    return records.map((record, index) => {
      const id = ids[index] ?? '';
      const current = this.#answers.current(record);
      if (current && this.#types.size < MAX_TYPES) this.#types.add(current.type);
      if (current && isFinal(current.state)) this.#deliver(current);
      else if (!current) this.#settle(id, undefined);
      return current;
    });
  }

  #openInbox(): void {
    if (this.#inbox || this.#opening || this.#closed) return;
    if (performance.now() < this.#opensAgainAt) return;
    this.#opening = this.#broker
      .openInbox({
        reply: (record) => {
          if (isTaskId(record.id)) this.#deliver(record);
        },
        ready: (id) => {
          if (!isTaskId(id)) return;
          this.#addressed.delete(id);
          this.#poller.lookNow(id);
        },
        gap: () => {
          // What was sent meanwhile is lost, also of tasks that are waited for later.
          this.#addressed.clear();
          this.#poller.lookNow();
        },
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

/** An inbox is open to everybody, and so anything may come. */
const isTaskId = (id: unknown): boolean => typeof id === 'string';

/** A task that is followed until it ends. */
export interface Following {
  readonly id: TaskId;
  /** To be told no more. */
  leave(): void;
}

class Follower implements Following {
  readonly id: TaskId;
  readonly #ended: TellEnd;
  readonly #forget: (follower: Follower) => void;
  #isOver = false;

  constructor(id: TaskId, ended: TellEnd, forget: (follower: Follower) => void) {
    this.id = id;
    this.#ended = ended;
    this.#forget = forget;
  }

  /** It has been forgotten. Only the first end is told. */
  end(outcome: TaskResult | Error, facts?: TaskFacts): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended(outcome, facts);
  }

  giveUp(error: Error): void {
    this.#forget(this);
    this.end(error);
  }

  leave(): void {
    this.#isOver = true;
    this.#forget(this);
  }
}

/** CLIENT_CLOSED */
export const closedError = (): GoflowError =>
  new GoflowError('CLIENT_CLOSED', 'the client is closed');

const abortedError = (id: TaskId, signal: AbortSignal | undefined): GoflowError =>
  new GoflowError('WAIT_ABORTED', `the wait for task ${id} was aborted; the task goes on`, {
    cause: signal?.reason,
  });
