import { Child } from './child.js';
import type { WorkerOrder, WorkerReport, WorkerRequest } from './worker/worker-report.js';

const WORKER = new URL('./worker/main.js', import.meta.url);

/** A moment at which so many tasks had finished. */
export interface Mark {
  readonly finished: number;
  /** As `performance.now()` says it. */
  readonly at: number;
}

/** Worker processes that do the same. */
export class WorkerGroup implements AsyncDisposable {
  readonly #members: Member[];
  #waits: { readonly finished: number; readonly reached: (mark: Mark) => void }[] = [];

  private constructor(count: number, order: WorkerOrder) {
    this.#members = Array.from({ length: count }, () => {
      return new Member(order, () => this.#tell());
    });
  }

  /** Starts them, and waits until all are ready. */
  static async start(count: number, order: WorkerOrder): Promise<WorkerGroup> {
    const group = new WorkerGroup(count, order);
    await Promise.all(group.#members.map((member) => member.child.next()));
    return group;
  }

  /** Tasks that have finished, of all of them, as last reported. */
  get finished(): number {
    return this.#members.reduce((sum, { last }) => sum + last.finished, 0);
  }

  /** They take tasks from now on. */
  begin(): void {
    for (const { child } of this.#members) child.send({ kind: 'begin' } satisfies WorkerRequest);
  }

  /** The moment when at least so many tasks have finished, some 10 ms exact. @throws Error when a worker ends before */
  async until(finished: number): Promise<Mark> {
    const reached = new Promise<Mark>((resolve) => {
      this.#waits.push({ finished, reached: resolve });
    });
    this.#tell();
    return Promise.race(this.#members.map(({ child }) => child.whileAlive(reached)));
  }

  /** How each stands now. */
  reports(): Promise<WorkerReport[]> {
    return Promise.all(
      this.#members.map(({ child }) => {
        const report = child.next();
        child.send({ kind: 'report' } satisfies WorkerRequest);
        return report;
      }),
    );
  }

  /** CPU of all of them in microseconds, since they began. */
  async cpuUs(): Promise<number> {
    return (await this.reports()).reduce((sum, { cpuUs }) => sum + cpuUs, 0);
  }

  /** The first report that says when the handler was called first. For one worker. */
  async firstCallMs(): Promise<number> {
    await this.until(1);
    return this.#members[0]?.last.firstCallMs ?? Number.NaN;
  }

  /** Ends them at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map(({ child }) => child.kill()));
  }

  #tell(): void {
    const mark = { finished: this.finished, at: performance.now() };
    const isReached = (wait: { readonly finished: number }): boolean =>
      mark.finished >= wait.finished;
    for (const { reached } of this.#waits.filter(isReached)) reached(mark);
    this.#waits = this.#waits.filter((wait) => !isReached(wait));
  }
}

/** One worker process, and what it said last. */
class Member {
  readonly child: Child<WorkerReport>;
  last: WorkerReport = { finished: 0, cpuUs: 0 };

  constructor(order: WorkerOrder, onReport: () => void) {
    this.child = new Child<WorkerReport>(WORKER, order);
    this.child.onMessage((report) => {
      this.last = report;
      onReport();
    });
  }
}
