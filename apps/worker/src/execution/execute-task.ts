import {
  encodeJson,
  type Logger,
  parse,
  type TakenTask,
  type TaskContract,
  type Tasks,
  type Verdict,
} from '@goflow/shared';
import type { AnyHandler } from '../handlers/handler.js';
import { failedFor, guardStage, handBackDelayMs, outcomeOf } from './outcomes.js';
import { RunningContext } from './task-context.js';
import { withTimeout } from './with-timeout.js';

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
export async function executeTask(task: TakenTask, deps: ExecutionDeps): Promise<Verdict> {
  if (!task.readable || typeof task.type !== 'string' || task.type === '')
    return failedFor(
      'ENVELOPE_UNREADABLE',
      `the job ${task.id} is no task: its data or its name cannot be read`,
    );
  const contract = deps.tasks.contracts.get(task.type);
  const handler = deps.handlerOf(task.type);
  if (!contract || !handler)
    return {
      kind: 'handed-back',
      reason: 'handler-missing',
      delayMs: handBackDelayMs(task.starts),
    };
  try {
    const attempt = runAttempt(task, contract, { handler, deps });
    const resultJson = await withTimeout(attempt, task, {
      timeoutMs: contract.timeoutMs,
      onAbandoned: deps.onAbandoned,
    });
    return { kind: 'completed', resultJson };
  } catch (thrown) {
    return outcomeOf(thrown, task, contract);
  }
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
  const payload = parsePayload(contract, task.payload);
  const ctx = new RunningContext(task, task.maxAttempts ?? contract.maxAttempts, deps.logger);
  // Waiting for what is no promise costs, and most schemas are synchronous.
  const returned = await handler(payload instanceof Promise ? await payload : payload, ctx);
  const result = parseResult(contract, returned);
  return encodeResult(
    result instanceof Promise ? await result : result,
    task.type,
    deps.resultLimit,
  );
}

function parsePayload({ payload, type }: TaskContract, value: unknown): unknown {
  const about = { code: 'PAYLOAD_INVALID', subject: `payload of ${type}` } as const;
  return guardStage(() => parse(payload, value, about));
}

function parseResult({ result, type }: TaskContract, value: unknown): unknown {
  const about = { code: 'RESULT_INVALID', subject: `result of ${type}` } as const;
  return guardStage(() => parse(result, value, about));
}

/** A handler that returns nothing has the result `undefined`, which JSON cannot say. */
function encodeResult(result: unknown, type: string, limitBytes: number): string | undefined {
  if (result === undefined) return undefined;
  const about = {
    subject: `result of ${type}`,
    notSerializable: 'RESULT_NOT_SERIALIZABLE',
    tooLarge: 'RESULT_TOO_LARGE',
    limitBytes,
  } as const;
  return guardStage(() => encodeJson(result, about));
}
