import { setTimeout as delay } from 'node:timers/promises';

/** What is measured. bee-queue is there for information, where it can do the scenario. */
export type SystemName = 'goflow' | 'bullmq' | 'bee-queue';

/** All of them, in the order of the tables. */
export const SYSTEMS: readonly SystemName[] = ['goflow', 'bullmq', 'bee-queue'];

/** How {@link MeasuredClient} is opened. */
export interface ClientOptions {
  readonly redis: string;
  /** Tasks in one chunk of `pushMany`, for goflow only. @default none: each task is an entry of its own */
  readonly chunk?: number | undefined;
}

/** The client of a system, with a connection of its own. Every task is `{ hello: 'world', n }`, and its result `{ n }`. */
export interface MeasuredClient {
  push(n: number): Promise<unknown>;
  /** In the way that the system has for many at once. Gives the ids. */
  pushMany(numbers: readonly number[]): Promise<readonly string[]>;
  /** Pushes, waits for the result, and gives its `n`. */
  request(n: number): Promise<number>;
  /** The `n` of the result of a finished task. */
  result(id: string): Promise<number | undefined>;
  /** Tasks in the queue that nobody took yet. */
  waiting(): Promise<number>;
  close(): Promise<void>;
}

/** How {@link MeasuredWorker} is opened. */
export interface WorkerOptions {
  readonly redis: string;
  readonly concurrency: number;
  /** How long a handler waits before it returns. 0: it returns at once. */
  readonly waitMs: number;
  readonly begins: 'at once' | 'when told';
  /** Told of each call of the handler. @default nobody */
  readonly onStarted?: (() => void) | undefined;
  /** Told of each task whose result is in Redis. */
  readonly onFinished: () => void;
}

/** The worker of a system, connected. */
export interface MeasuredWorker {
  /** Takes tasks from now on, when it waited to be told. */
  begin(): Promise<void>;
  stop(): Promise<void>;
}

/** The payload of every task. */
export interface TinyPayload {
  readonly hello: string;
  readonly n: number;
}

export const payloadOf = (n: number): TinyPayload => ({ hello: 'world', n });

/** The handler: the same for all systems. */
export function handlerOf({
  waitMs,
  onStarted,
}: WorkerOptions): (payload: TinyPayload) => Promise<{ n: number }> {
  if (waitMs === 0 && onStarted === undefined) return async ({ n }) => ({ n });
  return async ({ n }) => {
    onStarted?.();
    if (waitMs > 0) await delay(waitMs);
    return { n };
  };
}
