import type { TakenTask, TraceIds } from '@goflow/shared';
import type { AttemptTraces } from './attempt-traces.js';

/** What every line of a log about a task carries: never its payload. */
export interface TaskFields extends Partial<TraceIds> {
  readonly taskId: string;
  readonly taskType: string;
  readonly attempt: number;
}

/** Without traces of its own, a worker still tells the trace that the push said it was part of. */
export function taskFields(task: TakenTask, traces?: AttemptTraces): TaskFields {
  const { id: taskId, type: taskType, attempt, traceparent } = task;
  const trace = traces?.idsOf(task) ?? idsIn(traceparent);
  return { taskId, taskType, attempt, ...trace };
}

function idsIn(traceparent: string | undefined): TraceIds | undefined {
  const traceId = traceparent?.split('-')[1];
  return traceId === undefined ? undefined : { trace_id: traceId };
}
