import type { TaskDetail, TaskFailure, TaskRecord } from '@goflow/shared';
import type { StoredTask } from './stored-task.js';
import { historyOf } from './task-history.js';
import { linesOf } from './task-log.js';

/** What is known of a task, for one reader. */
export function toRecord(task: StoredTask): TaskRecord {
  const { id, type, state, attempts, pushedAt, startedAt, finishedAt, isStored } = task;
  return {
    id,
    type,
    state,
    attempts,
    pushedAt,
    startedAt,
    finishedAt,
    result: fromJson(task.resultJson),
    isStored: isStored ? true : undefined,
    failure: fromJson(task.failureJson) as TaskFailure | undefined,
    startBy: task.envelope.startBy,
    deadline: task.envelope.deadline,
    retention: task.envelope.retention,
  };
}

/** All that is known of a task, for one reader. */
export function toDetail(task: StoredTask): TaskDetail {
  return { ...toListed(task), log: linesOf(task), history: historyOf(task) };
}

/** What stands of a task on a page: all but log and history. */
export function toListed(task: StoredTask): TaskDetail {
  const { envelope, queue, state, dueAt, starts } = task;
  return {
    ...toRecord(task),
    queue,
    starts,
    payload: parsedJson(envelope.payloadJson)?.value,
    tags: envelope.tags ?? [],
    priority: envelope.priority ?? 0,
    maxAttempts: envelope.maxAttempts,
    backoff: envelope.backoff,
    timeoutMs: envelope.timeoutMs,
    traceparent: envelope.traceparent,
    envelopeVersion: envelope.envelopeVersion,
    dueAt: state === 'delayed' ? dueAt : undefined,
    deduplicationKey: envelope.deduplication?.key,
    // Of a worker that dies, this broker dies, too.
    stalls: 0,
    progress: fromJson(task.progressJson),
    log: [],
    history: [],
  };
}

/** The value of some JSON, made anew for each reader; `undefined` for what is none: of payloads and cursors nobody knows before. */
export function parsedJson(json: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(json) };
  } catch {
    return undefined;
  }
}

function fromJson(json: string | undefined): unknown {
  return json === undefined ? undefined : JSON.parse(json);
}
