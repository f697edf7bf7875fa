import {
  type Broker,
  GoflowError,
  isGoflowError,
  NO_TASK_ID,
  parseTaskId,
  type TaskFailure,
  type TaskResult,
} from '@goflow/shared';
import type { AnyGoflow } from '../../connection/connect.js';
import { whileRedisIsWatched } from '../../connection/redis-watch.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import type { Colour, Output } from '../../terminal/output.js';
import { jsonText, oneLine } from '../../terminal/printable.js';
import { whyLate } from './held-up.js';

/** How long a task is waited for unless told otherwise. */
export const DEFAULT_WAIT_MS = 30_000;

/** What a state is painted with. */
export function colourOf(status: string): Colour | undefined {
  switch (status) {
    case 'completed':
      return 'green';
    case 'failed':
    case 'expired':
      return 'red';
    case 'cancelled':
      return 'yellow';
    case 'active':
      return 'cyan';
    default:
      return undefined;
  }
}

export const paintState = (out: Output, status: string): string => {
  const colour = colourOf(status);
  return colour ? out.paint(colour, status) : status;
};

/** How a command ends that tells of a task. */
export function exitOf({ status }: Pick<TaskResult, 'status'>): ExitCode {
  if (status === 'unknown') return EXIT.notFound;
  const isFailed = status === 'failed' || status === 'cancelled' || status === 'expired';
  return isFailed ? EXIT.failed : EXIT.done;
}

/** A failure in one line. */
export const failureLine = ({
  name,
  message,
  code,
}: Pick<TaskFailure, 'name' | 'message' | 'code'>) =>
  oneLine(`${name}: ${message}${code && code !== 'HANDLER_FAILED' ? ` (${code})` : ''}`);

/** How a task is waited for. */
export interface WaitPlan {
  /** @default 30,000 */
  readonly ms?: number | undefined;
  readonly signal: AbortSignal;
  readonly out: Output;
}

/** Waits until a task has ended, however it did; says when Redis is away, and after a wait in vain what holds the task up. @throws WAIT_TIMEOUT, WAIT_ABORTED, BROKER_UNAVAILABLE */
export async function waitFor(
  { broker, goflow }: { readonly broker: Broker; readonly goflow: AnyGoflow },
  id: string,
  { ms = DEFAULT_WAIT_MS, signal, out }: WaitPlan,
): Promise<TaskResult> {
  try {
    const [result] = await whileRedisIsWatched({
      broker,
      note: (text) => out.note(text),
      wait: () => goflow.waitAll([id as never], { timeout: ms, signal }),
    });
    return result ?? { status: 'unknown', id };
  } catch (cause) {
    if (isGoflowError(cause, 'WAIT_TIMEOUT')) {
      const why = await whyLate(id, goflow);
      if (why !== undefined) out.note(`held up: ${why}`);
    }
    if (!isGoflowError(cause, 'WAIT_ABORTED')) throw cause;
    throw new GoflowError('WAIT_ABORTED', `no longer waited for; the task goes on: ${id}`, {
      cause,
    });
  }
}

/** Tells how a task ended: its result alone on stdout, or why there is none on stderr. */
export function tellOutcome(result: TaskResult, out: Output, more: object = {}): ExitCode {
  if (out.json) out.document({ ...more, ...result });
  else if (result.status === 'completed') {
    // A handler that returns nothing has nothing to be read.
    if (result.value !== undefined) out.line(jsonText(result.value, 2));
  } else if ('failure' in result) {
    const { status, failure, attempts, id } = result;
    const after =
      attempts > 0 ? ` after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}` : '';
    out.note(`${out.paint('red', status)}${after}: ${failureLine(failure)}`);
    out.note(`(goflow show ${id} tells more)`);
  } else if (result.status === 'unknown') out.note(unknownTask(result.id));
  else out.note(result.status);
  return exitOf(result);
}

/** The same words everywhere. */
export const unknownTask = (id: string): string =>
  `unknown: ${oneLine(id)} (${parseTaskId(id) ? 'it never existed, or its retention is over' : NO_TASK_ID})`;
