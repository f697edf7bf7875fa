import type { Logger, TakenTask, TaskId } from '@goflow/shared';
import type { TaskContext } from '../handlers/handler.js';

/** What a handler gets. What costs something is made when it is first asked for: most handlers never log. */
export class RunningContext implements TaskContext {
  readonly maxAttempts: number;
  readonly #task: TakenTask;
  readonly #logger: Logger;
  #log: Logger | undefined;

  constructor(task: TakenTask, maxAttempts: number, logger: Logger) {
    this.#task = task;
    this.maxAttempts = maxAttempts;
    this.#logger = logger;
  }

  get id(): TaskId {
    return this.#task.id;
  }

  get type(): string {
    return this.#task.type;
  }

  get attempt(): number {
    return this.#task.attempt;
  }

  get starts(): number {
    return this.#task.starts;
  }

  get pushedAt(): Date {
    return new Date(this.#task.pushedAt);
  }

  get signal(): AbortSignal {
    return this.#task.signal;
  }

  get log(): Logger {
    const { id, type, attempt } = this.#task;
    this.#log ??= this.#logger.child({ taskId: id, taskType: type, attempt });
    return this.#log;
  }
}
