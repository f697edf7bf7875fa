import type { AttemptTrace, TakenTask, TraceIds, Tracing, Verdict } from '@goflow/shared';

interface Open {
  readonly trace: AttemptTrace;
  readonly startedAt: number;
  /** Until its outcome is recorded, which may be a while later. */
  ranMs: number | undefined;
}

/** The traces of the attempts that run in a worker: each begins with the attempt, and ends when its outcome is recorded. */
export class AttemptTraces {
  readonly #tracing: Tracing;
  readonly #worker: string;
  readonly #open = new WeakMap<TakenTask, Open>();

  /** @param worker its name */
  constructor(tracing: Tracing, worker: string) {
    this.#tracing = tracing;
    this.#worker = worker;
  }

  /** Runs an attempt as a part of the trace of its push. */
  async run(task: TakenTask, attempt: () => Promise<Verdict>): Promise<Verdict> {
    const trace = this.#tracing.attempt(task, this.#worker);
    const open: Open = { trace, startedAt: performance.now(), ranMs: undefined };
    this.#open.set(task, open);
    const verdict = await trace.run(attempt);
    open.ranMs = performance.now() - open.startedAt;
    return verdict;
  }

  /** `undefined` for a task that was not begun here. */
  idsOf(task: TakenTask): TraceIds | undefined {
    return this.#open.get(task)?.trace.ids;
  }

  /** A task that was not begun has none to end. */
  end(task: TakenTask, verdict: Verdict | 'lost'): void {
    const open = this.#open.get(task);
    open?.trace.end(verdict, open.ranMs);
  }
}
