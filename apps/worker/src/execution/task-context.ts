import type { TakenTask, TaskContract, TaskId } from '@goflow/shared';
import type { TaskContext } from '../handlers/handler.js';
import type { TaskLog } from '../handlers/task-log.js';
import { type ReportDeps, TaskReport } from './task-report.js';

/** What a handler gets. What costs something is made when it is first asked for: most handlers never log. */
export class RunningContext implements TaskContext {
  readonly maxAttempts: number;
  readonly #task: TakenTask;
  readonly #contract: TaskContract;
  readonly #deps: ReportDeps;
  #report: TaskReport | undefined;

  constructor(task: TakenTask, contract: TaskContract, deps: ReportDeps) {
    this.#task = task;
    this.#contract = contract;
    this.maxAttempts = task.maxAttempts ?? contract.maxAttempts;
    this.#deps = deps;
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

  get deadline(): Date | undefined {
    const { deadline } = this.#task;
    return deadline === undefined ? undefined : new Date(deadline);
  }

  get tags(): readonly string[] {
    return this.#task.tags;
  }

  get traceparent(): string | undefined {
    return this.#task.traceparent;
  }

  get signal(): AbortSignal {
    return this.#task.signal;
  }

  get log(): TaskLog {
    return this.#reporting().log;
  }

  async progress(value: unknown): Promise<void> {
    await this.#reporting().progress(value);
  }

  /** The attempt is over: what is still to be told is told now, what comes later is not told any more. */
  end(): void {
    this.#report?.end();
  }

  #reporting(): TaskReport {
    this.#report ??= new TaskReport(this.#task, this.#contract, this.#deps);
    return this.#report;
  }
}
