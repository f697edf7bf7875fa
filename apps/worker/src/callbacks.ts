import {
  type Cipher,
  type Emitter,
  invalidOption,
  type Logger,
  openJson,
  type ResultOutput,
  type TakenTask,
  type TaskDefinitions,
  type TaskFailure,
  type TaskFinished,
  type TaskId,
  type TaskTypeOf,
  toFailure,
  type UnhappyOutcome,
  type WorkerEvents,
} from '@goflow/shared';
import { loggedFailure } from './execution/task-fields.js';

/** The attempt that a callback is told of. */
export interface AttemptFacts<Type extends string = string> {
  readonly id: TaskId<Type>;
  readonly type: Type;
  readonly queue: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** How long the attempt ran, in milliseconds. */
  readonly runMs: number;
}

/** A task completed. */
export type SuccessFacts<D extends TaskDefinitions = TaskDefinitions> = {
  [T in TaskTypeOf<D>]: AttemptFacts<T> & {
    /** What the client gets. */
    readonly result: ResultOutput<D[T]>;
  };
}[TaskTypeOf<D>];

/** An attempt failed, and the task is tried again. */
export interface RetryFacts<Type extends string = string> extends AttemptFacts<Type> {
  readonly failure: TaskFailure;
  /** The wait before the next attempt, in milliseconds. */
  readonly delayMs: number;
}

/** A task ended without a result. */
export interface FailureFacts<Type extends string = string> extends AttemptFacts<Type> {
  readonly outcome: 'failed' | 'cancelled' | 'expired';
  readonly failure: TaskFailure;
}

/**
 * Called once an outcome is recorded, at most once for each, in the worker that recorded it. Nobody waits for a callback, and what it
 * throws is logged: the outcome stands.
 */
export interface Callbacks<D extends TaskDefinitions = TaskDefinitions> {
  readonly onSuccess?: ((facts: SuccessFacts<D>) => unknown) | undefined;
  readonly onRetry?: ((facts: RetryFacts<TaskTypeOf<D>>) => unknown) | undefined;
  readonly onFailure?: ((facts: FailureFacts<TaskTypeOf<D>>) => unknown) | undefined;
}

/** @throws OPTION_INVALID */
export function checkCallbacks({ onSuccess, onRetry, onFailure }: Callbacks): Callbacks {
  for (const [name, given] of Object.entries({ onSuccess, onRetry, onFailure }))
    if (given !== undefined && typeof given !== 'function')
      throw invalidOption(name, 'a function', given);
  return { onSuccess, onRetry, onFailure };
}

/** What calling back needs. */
export interface CallBackDeps {
  /** Told of what a callback throws. */
  readonly logger: Logger;
  /** Results are encrypted with it. */
  readonly cipher?: Cipher | undefined;
}

/** Calls a worker's callbacks. */
export function callBack(
  events: Emitter<WorkerEvents>,
  callbacks: Callbacks,
  { logger, cipher }: CallBackDeps,
): void {
  const { onSuccess, onRetry, onFailure } = callbacks;
  if (!onSuccess && !onRetry && !onFailure) return;
  const guarded = (name: string, call: () => unknown): void => {
    const tell = (error: unknown): void =>
      logger.error(
        { failure: loggedFailure(toFailure(error)), callback: name },
        'a callback threw',
      );
    try {
      Promise.resolve(call()).catch(tell);
    } catch (error) {
      tell(error);
    }
  };
  events.on('task:finished', ({ task, verdict, runMs }: TaskFinished) => {
    const facts = factsOf(task, runMs);
    if (verdict.kind === 'completed')
      guarded('onSuccess', () => {
        const { resultJson } = verdict;
        return onSuccess && succeeded(onSuccess, facts, { resultJson, cipher });
      });
    else if (verdict.kind === 'retry') guarded('onRetry', () => onRetry?.(retryOf(facts, verdict)));
    else if (verdict.kind !== 'handed-back')
      guarded('onFailure', () => onFailure?.(failureOf(facts, verdict)));
  });
}

function factsOf({ id, type, queue, attempt }: TakenTask, runMs: number): AttemptFacts {
  return { id, type, queue, attempt, runMs };
}

function retryOf(facts: AttemptFacts, outcome: Extract<UnhappyOutcome, { kind: 'retry' }>) {
  return { ...facts, failure: outcome.failure, delayMs: outcome.delayMs };
}

function failureOf(facts: AttemptFacts, outcome: Exclude<UnhappyOutcome, { kind: 'retry' }>) {
  return { ...facts, outcome: outcome.kind, failure: outcome.failure };
}

/** A promise of it only where a large result has to be expanded first. */
function succeeded(
  onSuccess: NonNullable<Callbacks['onSuccess']>,
  facts: AttemptFacts,
  { resultJson, cipher }: { resultJson: string | undefined; cipher: Cipher | undefined },
): unknown {
  const place = { ...facts, kind: 'result' } as const;
  const result =
    resultJson === undefined ? undefined : openJson(JSON.parse(resultJson), place, cipher);
  const tell = (value: unknown): unknown => onSuccess({ ...facts, result: value as never });
  return result instanceof Promise ? result.then(tell) : tell(result);
}
