import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { BackoffFunction, BackoffOptions } from '../options/backoff.js';
import type { Duration } from '../options/duration.js';
import type { RetentionOptions } from '../options/retention.js';

/** One task type as a user writes it: two schemas, and what its tasks do unless a push says otherwise. */
export interface TaskDefinition {
  /** Any Standard Schema (zod, valibot, arktype …). A producer pushes its input, a handler receives its output. */
  readonly payload: StandardSchemaV1;
  /** A handler returns its input; `getResult` gives its output. */
  readonly result: StandardSchemaV1;
  /** What a handler may report with `ctx.progress`. @default any JSON */
  readonly progress?: StandardSchemaV1 | undefined;
  /** Tasks of one queue share their workers' concurrency. @default 'default' */
  readonly queue?: string | undefined;
  /** How often a task is tried in all, the first included: 1 to 1,000. @default 3 */
  readonly maxAttempts?: number | undefined;
  /**
   * The wait between two attempts: options, a fixed time, or a function that the worker calls. @default { type: 'exponential',
   * delay: '1s', jitter: 0.5 }
   */
  readonly backoff?: BackoffOptions | Duration | BackoffFunction | undefined;
  /**
   * The longest time that one attempt may run. Then `ctx.signal` aborts, the attempt counts as failed (`TASK_TIMEOUT`) and
   * its slot is free again. '1ms' to 2^31 - 1 ms. @default '5m'
   */
  readonly timeout?: Duration | undefined;
  /** See {@link PushOptions.startBy}. @default for ever */
  readonly startBy?: Duration | undefined;
  /** See {@link PushOptions.deadline}. @default for ever */
  readonly deadline?: Duration | undefined;
  /** How long finished tasks can be asked for. @default { completed: '1d', failed: '7d' } */
  readonly retention?: RetentionOptions | undefined;
  /** See {@link PushOptions.priority}. @default 0 */
  readonly priority?: number | undefined;
  /**
   * How many tasks `pushMany` and `map` put into one entry of the queue, 1 to 1,000. Many tiny tasks are pushed and run several times
   * faster so; those of one entry run one after another in one slot of a worker. @default 1
   */
  readonly chunk?: number | undefined;
  /**
   * Fields of the payload that are not to be shown, such as `['password', 'card.number', '*.token']`: at most 100 paths. Where goflow shows a
   * payload, what a schema says of one, or fields of `ctx.log`, `[redacted]` stands in their place; what is stored, and what the handler
   * gets, stays whole. @default none
   */
  readonly redact?: readonly string[] | undefined;
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
/** What `ctx.progress` takes: the input of the progress schema; any JSON where there is none. */
export type ProgressInput<D extends TaskDefinition> = D['progress'] extends StandardSchemaV1
  ? StandardSchemaV1.InferInput<D['progress']>
  : unknown;
/** What `status` and `watch` give as progress: the output of the progress schema. */
export type ProgressOutput<D extends TaskDefinition> = D['progress'] extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<D['progress']>
  : unknown;
