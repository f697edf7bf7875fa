import {
  checkKnown,
  type Duration,
  invalidOption,
  type TaskId,
  type TaskResult,
  toMs,
} from '@goflow/shared';
import { checkIds } from '../check-id.js';
import { checkSignal } from './check-signal.js';
import { type GatherPorts, GatherRun } from './gather-run.js';
import { runGenerator } from './run-generator.js';

export type { GatherPorts } from './gather-run.js';

/** Options of {@link waitAll}, {@link waitAny} and {@link asCompleted}. */
export interface WaitManyOptions {
  /** How long all of it may take: '1ms' to 2^31 - 1 ms. Every wait has an end. @default '30s' */
  readonly timeout?: Duration | undefined;
  /** Ends the waits early, as WAIT_ABORTED with the reason as its cause. The tasks go on. */
  readonly signal?: AbortSignal | undefined;
}

const KNOWN = ['timeout', 'signal'];

/**
 * Waits until all tasks have ended.
 *
 * @returns their results in the order of the ids, each however it ended: a task that failed is no error here. One that completed, and
 *   whose result is encrypted with a key that is not here, is told as `failed` with the code KEY_MISSING: the others can be read
 * @throws OPTION_INVALID
 * @throws WAIT_TIMEOUT (`WaitTimeoutError`, whose `taskId` is the first id still open), WAIT_ABORTED: the tasks go on;
 *   `error.details` is `{ done, total }`
 * @throws what `outcome` rejects with, such as CLIENT_CLOSED
 */
export async function waitAll(
  ids: readonly TaskId[],
  options: WaitManyOptions,
  ports: GatherPorts,
): Promise<TaskResult[]> {
  const run = gatherRun(ids, options, ports);
  const results = run.ids.map((id): TaskResult => ({ status: 'unknown', id }));
  run.start();
  for (;;) {
    const ended = run.takeHere() ?? (await run.take());
    if (!ended) return results;
    results[ended.index] = ended.result;
  }
}

/**
 * Waits until one of the tasks has ended, however it did, and ends the waits for the others. An id that has no task counts only
 * when none has one.
 *
 * @returns the first result; `unknown` for the first id when all are
 * @throws OPTION_INVALID, also for no ids at all; otherwise as {@link waitAll}
 */
export async function waitAny(
  ids: readonly TaskId[],
  options: WaitManyOptions,
  ports: GatherPorts,
): Promise<TaskResult> {
  const run = gatherRun(ids, options, ports);
  const [first] = run.ids;
  if (first === undefined) throw invalidOption('ids', 'at least one task id', ids);
  for await (const { result } of runGenerator(run)) if (result.status !== 'unknown') return result;
  return { status: 'unknown', id: first };
}

/**
 * Gives out the results of tasks in the order in which they end, each however it ended; an id that is there twice is answered
 * twice. The waits, and the time, begin when the first result is asked for; leaving the loop ends them.
 *
 * @throws OPTION_INVALID at once, when an option is
 * @throws from `next()`, as {@link waitAll}: WAIT_TIMEOUT after the results that are there, WAIT_ABORTED at once
 */
export function asCompleted(
  ids: readonly TaskId[],
  options: WaitManyOptions,
  ports: GatherPorts,
): AsyncGenerator<TaskResult, void, undefined> {
  const run = gatherRun(ids, options, ports);
  return runGenerator<TaskResult>({
    start: () => run.start(),
    take: async () => (await run.take())?.result,
    stop: () => run.stop(),
  });
}

function gatherRun(
  ids: readonly TaskId[],
  options: WaitManyOptions,
  ports: GatherPorts,
): GatherRun {
  const checked = checkIds(ids);
  checkKnown('options', options, KNOWN);
  const timeoutMs = toMs('timeout', options.timeout ?? '30s', { minMs: 1 });
  return new GatherRun(checked, { timeoutMs, signal: checkSignal(options.signal) }, ports);
}
