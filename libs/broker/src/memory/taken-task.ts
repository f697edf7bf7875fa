import type {
  ResolvedBackoffOptions,
  ResolvedRetention,
  TakenTask,
  TaskEnvelope,
  TaskId,
  TaskNews,
} from '@goflow/shared';
import type { StoredTask } from './stored-task.js';
import { parsedJson } from './task-answers.js';

/**
 * One attempt of a task. An AbortController costs several microseconds and most handlers never look at theirs, so it is made when it is
 * first asked for.
 */
export class TakenMemoryTask implements TakenTask {
  readonly id: TaskId;
  readonly queue: string;
  readonly type: string;
  readonly payload: unknown;
  readonly readable: boolean;
  readonly attempt: number;
  readonly starts: number;
  readonly pushedAt: number;
  /** Of a worker that dies, this broker dies, too. */
  readonly stalls = 0;
  readonly wasBegun = false;
  /** On the monotonic clock. */
  readonly takenAt = performance.now();
  isAborted = false;
  /** The worker is leaving and has ended this attempt itself. */
  isBrokenOff = false;
  readonly #envelope: TaskEnvelope;
  readonly #onNews: (news: TaskNews) => void;
  #controller: AbortController | undefined;
  #reason: unknown;

  constructor(task: StoredTask, onNews: (news: TaskNews) => void) {
    this.id = task.id;
    this.queue = task.queue;
    this.type = task.type;
    this.attempt = task.attempts + 1;
    this.starts = task.starts;
    this.pushedAt = task.pushedAt;
    const read = parsedJson(task.envelope.payloadJson);
    this.readable = read !== undefined;
    this.payload = read?.value;
    this.#envelope = task.envelope;
    this.#onNews = onNews;
  }

  get maxAttempts(): number | undefined {
    return this.#envelope.maxAttempts;
  }

  get backoff(): ResolvedBackoffOptions | undefined {
    return this.#envelope.backoff;
  }

  get timeoutMs(): number | undefined {
    return this.#envelope.timeoutMs;
  }

  get startBy(): number | undefined {
    return this.#envelope.startBy;
  }

  get deadline(): number | undefined {
    return this.#envelope.deadline;
  }

  get retention(): ResolvedRetention | undefined {
    return this.#envelope.retention;
  }

  get tags(): readonly string[] {
    return this.#envelope.tags ?? [];
  }

  get traceparent(): string | undefined {
    return this.#envelope.traceparent;
  }

  get tracestate(): string | undefined {
    return this.#envelope.tracestate;
  }

  get envelopeVersion(): number | undefined {
    return this.#envelope.envelopeVersion;
  }

  get dueAt(): number {
    return this.#envelope.pushedAt + (this.#envelope.delayMs ?? 0);
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    if (this.isAborted) return;
    this.isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  /** Aborts because the worker leaves; an attempt that was aborted before ends as it would have. */
  breakOff(reason: unknown): void {
    this.isBrokenOff = !this.isAborted;
    this.abort(reason);
  }

  async report(news: TaskNews): Promise<void> {
    this.#onNews(news);
  }
}
