import type { TakenTask, TaskFailure, TraceIds } from '@goflow/shared';
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

/** Schemas may quote the values that they refuse. */
const QUOTING = ['PAYLOAD_INVALID', 'RESULT_INVALID', 'PROGRESS_INVALID'];

/**
 * A failure as it is logged: of what a schema refused, only which fields, and which rules; no details, which hold what a handler had in its hands, such as a request
 * with its headers. All of it is kept with the task.
 */
export function loggedFailure(failure: TaskFailure): TaskFailure {
  const { details, cause, ...told } = failure;
  const { name, code } = told;
  if (!QUOTING.includes(code))
    return cause === undefined ? told : { ...told, cause: loggedFailure(cause) };
  const issues = (details as { issues?: unknown } | undefined)?.issues;
  const all: readonly unknown[] = Array.isArray(issues) && issues.length > 0 ? issues : [{}];
  const refused = all.slice(0, MAX_REFUSED).map(refusedIn).join(', ');
  const rest = all.length > MAX_REFUSED ? `, and ${all.length - MAX_REFUSED} more` : '';
  return { name, code, message: `its contract refuses ${refused}${rest}` };
}

const MAX_REFUSED = 10;

/** `it (invalid_type: string)` for the value itself, `items[2].price (too_small: 0)` for a field of it. */
function refusedIn(issue: unknown): string {
  const { path, rule } = Object(issue) as { path?: string; rule?: string };
  const field = path === '' || path === undefined ? 'it' : path;
  return rule === undefined ? field : `${field} (${rule})`;
}
