import type { Verdict } from '@goflow/shared';
import { DUE_FIELD, toHistoryField, toReturnValue, toStackText } from '../job-codec.js';
import type { TakenJob } from '../taken-job.js';
import type { Leaving } from './chunk-store.js';

/** How a task of a chunk ended that does not stay in it. */
export interface Ended {
  readonly index: number;
  readonly task: TakenJob;
  readonly verdict: Verdict;
  /** Milliseconds since 1970; `undefined` when it was not begun. */
  readonly startedAt: number | undefined;
  readonly endedAt: number;
  /** The name of the worker. */
  readonly worker: string;
}

/** What a task is stored as when it leaves its chunk: the same as a task that was never in one would be by now. */
export function leavingOf(ended: Ended): Leaving {
  const { index, verdict, startedAt, endedAt } = ended;
  const started = startedAt === undefined ? {} : { processedOn: startedAt };
  if (verdict.kind === 'handed-back') {
    const at = endedAt + verdict.delayMs;
    const fields = { ...started, delay: verdict.delayMs, [DUE_FIELD]: at };
    return { index, state: 'delayed', at, isBegun: true, fields };
  }
  if (verdict.kind === 'completed') {
    const fields = { ...started, returnvalue: toReturnValue(verdict), atm: 1 };
    return { index, state: 'completed', at: endedAt, isBegun: false, fields };
  }
  const { failure } = verdict;
  const fields = {
    ...started,
    failedReason: failure.message,
    stacktrace: JSON.stringify([toStackText(failure)]),
  };
  if (verdict.kind === 'retry') {
    const history = toHistoryField({
      attempt: 1,
      startedAt: startedAt ?? endedAt,
      endedAt,
      worker: ended.worker,
      failure,
    });
    const at = endedAt + verdict.delayMs;
    return {
      index,
      state: 'delayed',
      at,
      isBegun: false,
      fields: { ...fields, ...history, atm: 1, delay: verdict.delayMs, [DUE_FIELD]: at },
    };
  }
  const atm = verdict.isUnspent ? 0 : 1;
  return { index, state: verdict.kind, at: endedAt, isBegun: false, fields: { ...fields, atm } };
}
