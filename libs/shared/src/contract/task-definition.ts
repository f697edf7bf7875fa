import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { BackoffOptions } from '../options/backoff.js';
import type { Duration } from '../options/duration.js';

/** How long a finished task can be asked for. */
export interface RetentionOptions {
  /** After it completed: '1ms' to '366d'. @default '1d' */
  readonly completed?: Duration | undefined;
  /** After it failed for good: '1ms' to '366d'. @default '7d' */
  readonly failed?: Duration | undefined;
}

/** One task type as a user writes it: two schemas, and what its tasks do unless a push says otherwise. */
export interface TaskDefinition {
  /** Any Standard Schema (zod, valibot, arktype …). A producer pushes its input, a handler receives its output. */
  readonly payload: StandardSchemaV1;
  /** A handler returns its input; `getResult` gives its output. */
  readonly result: StandardSchemaV1;
  /** Tasks of one queue share their workers' concurrency. @default 'default' */
  readonly queue?: string | undefined;
  /** How often a task is tried in all, the first included: 1 to 1,000. @default 3 */
  readonly maxAttempts?: number | undefined;
  /** The wait between two attempts. @default { type: 'exponential', delay: '1s', jitter: 0.5 } */
  readonly backoff?: BackoffOptions | Duration | undefined;
  /**
   * The longest time that one attempt may run. Then `ctx.signal` aborts, the attempt counts as failed (`TASK_TIMEOUT`) and
   * its slot is free again. '1ms' to 2^31 - 1 ms. @default '5m'
   */
  readonly timeout?: Duration | undefined;
  /** How long finished tasks can be asked for. @default { completed: '1d', failed: '7d' } */
  readonly retention?: RetentionOptions | undefined;
  /** See {@link PushOptions.priority}. @default 0 */
  readonly priority?: number | undefined;
}

/** Task types by name. */
export type TaskDefinitions = Readonly<Record<string, TaskDefinition>>;

/** What may be pushed: the input of the payload schema. */
export type PayloadInput<D extends TaskDefinition> = StandardSchemaV1.InferInput<D['payload']>;
/** What a handler receives: the output of the payload schema. */
export type PayloadOutput<D extends TaskDefinition> = StandardSchemaV1.InferOutput<D['payload']>;
/** What a handler returns: the input of the result schema. */
export type ResultInput<D extends TaskDefinition> = StandardSchemaV1.InferInput<D['result']>;
/** What `getResult` and `wait` give: the output of the result schema. */
export type ResultOutput<D extends TaskDefinition> = StandardSchemaV1.InferOutput<D['result']>;
/** The names of the task types. */
export type TaskTypeOf<D extends TaskDefinitions> = keyof D & string;
