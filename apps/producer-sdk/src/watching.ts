import {
  type Broker,
  isFinal,
  type ReportOf,
  type TaskId,
  type TaskLogEntry,
  type TaskNews,
  type TaskResult,
  type TaskStatus,
} from '@goflow/shared';
import { Arrivals } from './many/arrivals.js';
import { checkSignal } from './many/check-signal.js';
import { type Run, runGenerator } from './many/run-generator.js';
import type { Opener } from './opener.js';
import type { Waiting } from './waiting.js';

/** What happens to a watched task. The last one is always its outcome. */
export type TaskChange<Value = unknown, Progress = unknown, Type extends string = string> =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'log'; readonly line: TaskLogEntry }
  | { readonly kind: 'outcome'; readonly result: TaskResult<Value, Type> };

/** Options of {@link Goflow.watch}. */
export interface WatchOptions {
  /** Ends the watch, as WAIT_ABORTED. The task goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** What watching needs. */
export interface WatchPorts {
  readonly broker: Broker;
  readonly waiting: Waiting;
  readonly status: (id: TaskId) => Promise<TaskStatus>;
  readonly opener: Opener;
}

/**
 * Tells of a task until it ends: what is known of it now, then its progress and log lines as they come, at last its outcome. What was
 * lost on the way is read again after a gap.
 */
export function watchTask(
  id: TaskId,
  options: WatchOptions,
  ports: WatchPorts,
): AsyncGenerator<TaskChange, void, undefined> {
  return runGenerator(new WatchRun(id, checkSignal(options.signal), ports));
}

const MAX_TOLD = 1_000;

class WatchRun implements Run<TaskChange> {
  readonly #id: TaskId;
  readonly #ports: WatchPorts;
  readonly #arrivals = new Arrivals<TaskChange>();
  readonly #leaving = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#leaving.abort(this.#signal?.reason);
  #progress: string | undefined;
  /** Lines that were told: of the last ones, as many as a task keeps several times over. */
  readonly #told = new Set<number>();
  #close: (() => Promise<void>) | undefined;

  constructor(id: TaskId, signal: AbortSignal | undefined, ports: WatchPorts) {
    this.#id = id;
    this.#signal = signal;
    this.#ports = ports;
  }

  start(): void {
    this.#signal?.addEventListener('abort', this.#onAbort);
    if (this.#signal?.aborted) this.#onAbort();
    this.#run().then(
      () => this.#arrivals.end(),
      (error: unknown) => this.#arrivals.end({ error }),
    );
  }

  take(): Promise<TaskChange | undefined> {
    return this.#arrivals.take();
  }

  async stop(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#arrivals.end();
    this.#leaving.abort();
    await this.#close?.();
  }

  async #run(): Promise<void> {
    const { broker, waiting } = this.#ports;
    const { signal } = this.#leaving;
    const ended = waiting.outcome(this.#id, { signal });
    // It may reject before anybody waits for it.
    ended.catch(() => undefined);
    const first = await this.#ports.status(this.#id);
    if (first.status !== 'unknown' && !isFinal(first.status))
      await this.#listen(broker, { id: this.#id, type: first.type });
    const result = await ended;
    await this.#close?.();
    this.#tellRest(result.status === 'unknown' ? first : await this.#ports.status(this.#id));
    this.#arrivals.add({ kind: 'outcome', result });
  }

  async #listen(broker: Broker, of: ReportOf): Promise<void> {
    const { opener } = this.#ports;
    const tell = ({ progressJson, log = [] }: TaskNews): void => {
      for (const line of log) this.#tellLine(opener.line(line, of));
      if (progressJson !== undefined)
        this.#tellProgress(opener.progress(JSON.parse(progressJson), of));
    };
    // Kept back until what happened before the watch was open is told: lines have an order.
    let early: TaskNews[] | undefined = [];
    const watching = await broker.watch(this.#id, {
      news: (news) => void (early ? early.push(news) : tell(news)),
      gap: () => void this.#catchUp(),
    });
    this.#close = () => watching.close();
    if (this.#leaving.signal.aborted) return watching.close();
    await this.#catchUp();
    const held = early;
    early = undefined;
    for (const news of held) tell(news);
  }

  #catchUp(): Promise<void> {
    return this.#ports.status(this.#id).then(
      (status) => this.#tellRest(status),
      () => undefined,
    );
  }

  #tellRest(status: TaskStatus): void {
    if (status.status === 'unknown') return;
    for (const line of status.log) this.#tellLine(line);
    if (status.progress !== undefined) this.#tellProgress(status.progress);
  }

  #tellLine(line: TaskLogEntry): void {
    if (this.#told.has(line.seq)) return;
    this.#told.add(line.seq);
    const [oldest] = this.#told;
    if (this.#told.size > MAX_TOLD && oldest !== undefined) this.#told.delete(oldest);
    this.#arrivals.add({ kind: 'log', line });
  }

  #tellProgress(progress: unknown): void {
    const json = JSON.stringify(progress);
    if (json === this.#progress) return;
    this.#progress = json;
    this.#arrivals.add({ kind: 'progress', progress });
  }
}
