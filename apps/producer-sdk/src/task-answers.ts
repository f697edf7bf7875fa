import {
  type Cipher,
  GoflowError as Failure,
  type GoflowError,
  isFinal,
  isGoflowError,
  isWrapped,
  type ResultStore,
  type TaskDetail,
  type TaskFacts,
  TaskFailedError,
  type TaskFailure,
  type TaskId,
  type TaskRecord,
  type TaskResult,
  type TaskStatus,
  type Tasks,
  toFailure,
  unknownTask,
} from '@goflow/shared';
import { Opener } from './opener.js';

/** What answering needs. */
export interface AnswerDeps {
  readonly tasks: Tasks;
  /** The time of the broker, in milliseconds since 1970. */
  readonly now: () => number;
  readonly resultStore: ResultStore | undefined;
  /** Reads what is encrypted. */
  readonly cipher?: Cipher | undefined;
}

/** A worker's idea of the time may differ by less than this; only when even that is over does a reader judge. */
const CERTAIN_MS = 1_000;

/** Turns what the broker knows into answers: what is past its retention is unknown, what is past its time has ended. */
export class Answers {
  readonly opener: Opener;
  readonly #deps: AnswerDeps;

  constructor(deps: AnswerDeps) {
    this.#deps = deps;
    this.opener = new Opener(deps.cipher);
  }

  /** True for a type that there is a contract of. */
  knows(type: string): boolean {
    return this.#deps.tasks.contracts.has(type);
  }

  /** The record as it counts now; `undefined` when its retention is over. */
  current<R extends TaskRecord>(record: R | undefined): R | undefined {
    if (!record) return undefined;
    const current = withoutResult(this.#ended(record));
    return this.isOver(current) ? undefined : current;
  }

  /**
   * What `getResult` answers; a promise of it only where a result store is asked, or it is compressed or encrypted.
   *
   * @throws RESULT_STORE_MISSING, RESULT_STORE_AWAY, KEY_MISSING
   */
  result(id: TaskId, record: TaskRecord | undefined): TaskResult | Promise<TaskResult> {
    const current = this.current(record);
    if (!current) return { status: 'unknown', id };
    const facts = factsOf(current);
    const { state } = current;
    if (state === 'completed') {
      const { isStored, result: value } = current;
      if (isStored) return this.#stored(current.id, facts);
      if (isWrapped(value)) return this.#opened(value, facts);
      return { status: 'completed', value, ...facts };
    }
    if (!isFinal(state)) return { status: state, ...facts };
    const failure = this.opener.failure(failureOf(current), current);
    return { status: state, failure, ...facts };
  }

  /** What `status` answers. */
  status(id: TaskId, detail: TaskDetail | undefined): TaskStatus {
    const current = this.current(detail);
    if (!current) return { status: 'unknown', id };
    const { state, failure, progress, log, history } = this.opener.withReport(current);
    return {
      status: state,
      ...factsOf(current),
      starts: current.starts,
      ...(failure === undefined ? {} : { failure }),
      ...(progress === undefined ? {} : { progress }),
      log,
      history,
    };
  }

  /** Retention is exact when read: the sweeper only frees memory, later. */
  isOver({ finishedAt, state, type, retention }: TaskRecord): boolean {
    const kept = retention ?? this.#deps.tasks.contracts.get(type)?.retention;
    if (finishedAt === undefined || !kept) return false;
    const keptMs = state === 'completed' ? kept.completedMs : kept.failedMs;
    return finishedAt + keptMs < this.#deps.now();
  }

  async #stored(id: TaskId, facts: TaskFacts): Promise<TaskResult> {
    const json = await this.#fetch(id);
    // The store forgets by its own clock, a moment earlier or later.
    if (json === undefined) return { status: 'unknown', id };
    try {
      return await this.#opened(JSON.parse(json), facts);
    } catch (cause) {
      if (isGoflowError(cause, 'KEY_MISSING')) throw cause;
      const error = new Failure('ENVELOPE_UNREADABLE', 'the stored result is no JSON', { cause });
      return { status: 'failed', failure: toFailure(error), ...facts };
    }
  }

  /** A task whose result nobody can read completed, and yet has nothing to give. @throws KEY_MISSING */
  async #opened(stored: unknown, facts: TaskFacts): Promise<TaskResult> {
    try {
      return { status: 'completed', value: await this.opener.result(stored, facts), ...facts };
    } catch (error) {
      if (isGoflowError(error, 'KEY_MISSING')) throw error;
      return { status: 'failed', failure: toFailure(error), ...facts };
    }
  }

  async #fetch(id: TaskId): Promise<string | undefined> {
    const { resultStore } = this.#deps;
    if (!resultStore)
      throw new Failure(
        'RESULT_STORE_MISSING',
        `the result of ${id} lies in a result store: give this client its \`resultStore\``,
      );
    try {
      const [json] = await resultStore.get([id]);
      return json;
    } catch (cause) {
      if (isGoflowError(cause)) throw cause;
      throw new Failure('RESULT_STORE_AWAY', `the result store gave no answer for ${id}`, {
        cause,
      });
    }
  }

  /** Nobody may be there to take a task whose time is over; it has ended all the same. */
  #ended<R extends TaskRecord>(record: R): R {
    const { state, startBy = Infinity, deadline = Infinity, attempts, startedAt } = record;
    if (state !== 'waiting' && state !== 'delayed') return record;
    const now = this.#deps.now() - CERTAIN_MS;
    if (now >= deadline) return { ...record, ...end('failed', deadline, 'did not complete') };
    // One that was taken in time, and waits because its worker was lost, still runs.
    if (now >= startBy && attempts === 0 && startedAt === undefined)
      return { ...record, ...end('expired', startBy, 'was not started') };
    return record;
  }
}

function end(state: 'failed' | 'expired', finishedAt: number, what: string) {
  const message = `the task ${what} by ${new Date(finishedAt).toISOString()}`;
  const code = state === 'failed' ? 'TASK_DEADLINE' : 'TASK_EXPIRED';
  const { stack: _, ...failure } = toFailure(new Failure(code, message));
  return { state, finishedAt, failure } as const;
}

/** A task whose stored result cannot be read completed, and yet has nothing to give. */
function withoutResult<R extends TaskRecord>(record: R): R {
  const { state, failure } = record;
  return state === 'completed' && failure !== undefined ? { ...record, state: 'failed' } : record;
}

/** The error that `wait` throws for a task that did not complete; `undefined` for one that did. */
export function toWaitError(result: TaskResult): GoflowError | undefined {
  switch (result.status) {
    case 'failed':
      return new TaskFailedError(result.id, result.failure, result.attempts);
    case 'cancelled':
      return new Failure('TASK_CANCELLED', `${result.failure.message} (${result.id})`);
    case 'expired':
      return new Failure('TASK_EXPIRED', `${result.failure.message} (${result.id})`);
    case 'unknown':
      return unknownTask(result.id);
    default:
      return undefined;
  }
}

/** The facts of a record, as every answer carries them. */
export function factsOf(record: TaskRecord): TaskFacts {
  return {
    id: record.id,
    type: record.type,
    attempts: record.attempts,
    pushedAt: new Date(record.pushedAt),
    ...(record.startedAt === undefined ? {} : { startedAt: new Date(record.startedAt) }),
    ...(record.finishedAt === undefined ? {} : { finishedAt: new Date(record.finishedAt) }),
  };
}

function failureOf({ failure }: TaskRecord): TaskFailure {
  return failure ?? { name: 'Error', message: 'the task failed', code: 'HANDLER_FAILED' };
}
