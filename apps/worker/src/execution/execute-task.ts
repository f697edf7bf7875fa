import {
  encodeJson,
  GoflowError,
  type Logger,
  type ParseSubject,
  parse,
  type TakenTask,
  type TaskContract,
  type Tasks,
  type Verdict,
} from '@goflow/shared';
import type { AnyHandler } from '../handlers/handler.js';
import { breach, failedFor, handBackDelayMs, outcomeOf } from './outcomes.js';
import { RunningContext } from './task-context.js';

/** What running a task needs. */
export interface ExecutionDeps {
  readonly tasks: Tasks;
  /** The handler of a type with the middleware around it; undefined when this worker has none. */
  readonly handlerOf: (type: string) => AnyHandler | undefined;
  readonly logger: Logger;
  /** Bytes of JSON. */
  readonly resultLimit: number;
  /** Told of an attempt that timed out while its handler goes on. */
  readonly onAbandoned: (task: TakenTask) => void;
}

/**
 * The heart of the worker. Look up, parse, middleware and handler, parse the result, outcome. It never throws: whatever
 * happens in there is a verdict.
 */
export function executeTask(task: TakenTask, deps: ExecutionDeps): Promise<Verdict> {
  if (!task.readable || typeof task.type !== 'string' || task.type === '')
    return Promise.resolve(unreadable(task));
  const contract = deps.tasks.contracts.get(task.type);
  const handler = deps.handlerOf(task.type);
  if (!contract || !handler) return Promise.resolve(handBack(task));
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(timeUp(task, contract, deps)), contract.timeoutMs);
    runAttempt(task, contract, { handler, deps }).then(
      (resultJson) => {
        clearTimeout(timer);
        resolve({ kind: 'completed', resultJson });
      },
      (thrown: unknown) => {
        clearTimeout(timer);
        resolve(outcomeOf(thrown, task, contract));
      },
    );
  });
}

function unreadable({ id }: TakenTask): Verdict {
  const message = `the job ${id} is no task: its data or its name cannot be read`;
  return failedFor('ENVELOPE_UNREADABLE', message);
}

function handBack({ starts }: TakenTask): Verdict {
  return { kind: 'handed-back', reason: 'handler-missing', delayMs: handBackDelayMs(starts) };
}

/** The signal aborts and the slot is free, though the handler may go on: what it still returns or throws is dropped. */
function timeUp(task: TakenTask, contract: TaskContract, deps: ExecutionDeps): Verdict {
  const message = `attempt ${task.attempt} ran longer than ${contract.timeoutMs} ms`;
  const error = new GoflowError('TASK_TIMEOUT', message);
  task.abort(error);
  deps.onAbandoned(task);
  return outcomeOf(error, task, contract);
}

interface Run {
  readonly handler: AnyHandler;
  readonly deps: ExecutionDeps;
}

async function runAttempt(
  task: TakenTask,
  contract: TaskContract,
  { handler, deps }: Run,
): Promise<string | undefined> {
  const about = aboutOf(contract);
  const payload = parseStage(contract.payload, task.payload, about.payload);
  const ctx = new RunningContext(task, task.maxAttempts ?? contract.maxAttempts, deps.logger);
  // Waiting for what is no promise costs, and most schemas are synchronous.
  const returned = await handler(payload instanceof Promise ? await payload : payload, ctx);
  const parsed = parseStage(contract.result, returned, about.result);
  const result = parsed instanceof Promise ? await parsed : parsed;
  return encodeResult(result, about.resultSubject, deps.resultLimit);
}

/** What a type's stages are called in errors: made once a type, not once a task. */
interface About {
  readonly payload: ParseSubject;
  readonly result: ParseSubject;
  readonly resultSubject: string;
}

const abouts = new WeakMap<TaskContract, About>();

function aboutOf(contract: TaskContract): About {
  const known = abouts.get(contract);
  if (known) return known;
  const resultSubject = `result of ${contract.type}`;
  const about: About = {
    payload: { code: 'PAYLOAD_INVALID', subject: `payload of ${contract.type}` },
    result: { code: 'RESULT_INVALID', subject: resultSubject },
    resultSubject,
  };
  abouts.set(contract, about);
  return about;
}

function parseStage(schema: TaskContract['payload'], value: unknown, about: ParseSubject): unknown {
  try {
    const parsed = parse(schema, value, about);
    return parsed instanceof Promise ? parsed.catch(breach) : parsed;
  } catch (cause) {
    return breach(cause);
  }
}

/** A handler that returns nothing has the result `undefined`, which JSON cannot say. */
function encodeResult(result: unknown, subject: string, limitBytes: number): string | undefined {
  if (result === undefined) return undefined;
  try {
    const [notSerializable, tooLarge] = ['RESULT_NOT_SERIALIZABLE', 'RESULT_TOO_LARGE'] as const;
    return encodeJson(result, { subject, notSerializable, tooLarge, limitBytes });
  } catch (cause) {
    return breach(cause);
  }
}
