import { troubleOf } from '../redis-reply-error.js';

/** More tasks than this in one call, and Redis and this process wait for each other in turns instead of working side by side. */
const MAX_TASKS = 16;
/** In characters: Redis does nothing else during a call, so large tasks have calls of their own. */
const MAX_LENGTH = 64 * 1024;

/** Whether calls are shared, for all that share them. */
export interface Sharing {
  isOff(): boolean;
  /** Told why calls are not to be shared any more. */
  giveUp(why: string): void;
}

/** What a {@link SharedCall} sends. */
export interface SharedCallOptions<Task> extends Sharing {
  /** One call for all: gives a list with an answer for each, an `Error` among them being that task's. */
  together(tasks: readonly Task[]): Promise<unknown>;
  /** BullMQ's own call for one task. */
  alone(task: Task): Promise<unknown>;
  /** Calls back when the tasks of this turn are there. */
  atEndOfTurn(send: () => void): void;
  /** How many characters it adds to a call, about. */
  lengthOf(task: Task): number;
  /** True for a task that gains by a shared call even when nobody shares it. @default none */
  isShared?(task: Task): boolean;
}

interface Waiting<Task> {
  readonly task: Task;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets the tasks of one turn of the event loop share calls, at most 16 each, fewer when they are large. A task that is the only one of its turn has BullMQ's own
 * call, unless it gains by a shared one, and waits for nothing but the end of the turn.
 */
export class SharedCall<Task> {
  readonly #options: SharedCallOptions<Task>;
  #waiting: Waiting<Task>[] = [];
  #length = 0;
  readonly #endOfTurn = (): void => {
    if (this.#waiting.length > 0) this.#send();
  };

  constructor(options: SharedCallOptions<Task>) {
    this.#options = options;
  }

  /** The answer for this task, as BullMQ's own call would give it. */
  add(task: Task): Promise<unknown> {
    if (this.#options.isOff()) return this.#options.alone(task);
    return new Promise((resolve, reject) => {
      const count = this.#waiting.push({ task, resolve, reject });
      this.#length += this.#options.lengthOf(task);
      if (count === MAX_TASKS || this.#length > MAX_LENGTH) this.#send();
      else if (count === 1) this.#options.atEndOfTurn(this.#endOfTurn);
    });
  }

  #send(): void {
    const all = this.#waiting;
    this.#waiting = [];
    this.#length = 0;
    const [first] = all;
    const isAlone = all.length === 1 && first && !this.#options.isShared?.(first.task);
    if (isAlone) this.#sendAlone(first);
    else void this.#sendTogether(all);
  }

  #sendAlone({ task, resolve, reject }: Waiting<Task>): void {
    this.#options.alone(task).then(resolve, reject);
  }

  async #sendTogether(all: readonly Waiting<Task>[]): Promise<void> {
    try {
      this.#answer(all, await this.#options.together(all.map(({ task }) => task)));
    } catch (error) {
      this.#fail(all, error);
    }
  }

  #answer(all: readonly Waiting<Task>[], answers: unknown): void {
    if (!Array.isArray(answers) || answers.length !== all.length) {
      this.#giveUp(all, 'the answer to a shared call is not one for each task');
      return;
    }
    for (let at = 0; at < all.length; at += 1) {
      const answer: unknown = answers[at];
      if (answer instanceof Error) all[at]?.reject(answer);
      else all[at]?.resolve(answer);
    }
  }

  /** What BullMQ's own calls would meet, too, is the error of each task. Anything else is of the sharing. */
  #fail(all: readonly Waiting<Task>[], error: unknown): void {
    const { kind } = troubleOf(error);
    if (kind === 'refused' || kind === 'other')
      this.#giveUp(all, error instanceof Error ? error.message : String(error));
    else for (const { reject } of all) reject(error);
  }

  /**
   * Both of BullMQ's scripts do nothing for a task that they have done already. A job that an end took, and whose answer could not be
   * read, comes back when its lease is over.
   */
  #giveUp(all: readonly Waiting<Task>[], reason: string): void {
    this.#options.giveUp(reason);
    for (const waiting of all) this.#sendAlone(waiting);
  }
}
