import type { Verdict } from '../task/task-outcome.js';
import type { TakenTask } from './consumer.js';

/** W3C Trace Context, as it travels with a task: outside of its payload, and so readable where that is encrypted. */
export interface TraceCarrier {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** What is about to be sent. */
export interface PushFacts {
  /** `undefined`: of several. */
  readonly queue: string | undefined;
  /** `undefined`: of several. */
  readonly type: string | undefined;
  /** Of a lone task. */
  readonly id?: string | undefined;
  /** How many tasks go together, where they are pushed as many. */
  readonly count?: number | undefined;
  /** The trace that the caller said it is part of. @default what is active */
  readonly traceparent?: string | undefined;
}

/** What came of it. */
export interface PushEnd {
  /** A task was there before, with this id. */
  readonly deduplicated?: string | undefined;
  /** How many of many are not in. */
  readonly failed?: number | undefined;
  /** Why the first of them is not. */
  readonly error?: unknown;
}

/** The ids that a log line is found by, named as log collectors expect it. */
export interface TraceIds {
  readonly trace_id: string;
  readonly span_id?: string | undefined;
}

/** One attempt, being traced. */
export interface AttemptTrace {
  /** `undefined` where nobody collects traces. */
  readonly ids: TraceIds | undefined;
  /** Calls with the attempt as what is active: what is pushed in there is its child. */
  run<T>(call: () => T): T;
  /** @param verdict `lost`: somebody else runs the task, and this outcome was dropped. @param ranMs how long it ran. @default until now */
  end(verdict: Verdict | 'lost', ranMs?: number): void;
}

/**
 * Makes traces of pushes and attempts. `createTracing` of `@goflow/sdk/tracing` and `@goflow/worker/tracing` makes one for OpenTelemetry. It
 * never sees a payload.
 */
export interface Tracing {
  /** Calls `send` as a part of a trace, with what is to travel with the tasks; rejects as it does. */
  push<T>(
    facts: PushFacts,
    send: (carrier: TraceCarrier) => Promise<T>,
    endOf: (sent: T) => PushEnd | undefined,
  ): Promise<T>;
  /** An attempt begins. @param worker the name of the worker */
  attempt(task: TakenTask, worker: string): AttemptTrace;
}
