/**
 * The door of those who push tasks and ask for results.
 *
 * @example
 * import { createGoflow, defineTasks } from '@goflow/sdk';
 * import { z } from 'zod';
 *
 * const tasks = defineTasks({ repeater: { payload: z.string(), result: z.string() } });
 * await using goflow = createGoflow({ tasks, redis: 'redis://localhost:6379' });
 * const id = await goflow.push('repeater', 'hello');
 * console.log(await goflow.wait(id));
 *
 * @module
 */

export type {
  PostgresResultStoreOptions,
  RedisGiven,
  RedisResultStoreOptions,
} from '@goflow/broker';
export {
  createMemoryResultStore,
  createPostgresResultStore,
  createRedisResultStore,
} from '@goflow/broker';
export type {
  AuditRecord,
  BackoffFunction,
  BackoffOptions,
  Broker,
  Cancelled,
  ClientEvents,
  ConcurrencyRule,
  ConcurrencyScope,
  DataLoss,
  DeadLetterReason,
  DeduplicationWindow,
  Duration,
  EncryptionOptions,
  ErrorCode,
  FleetChange,
  Logger,
  PayloadInput,
  ProgressOutput,
  Pushed,
  PushOptions,
  QueueCounts,
  QueueRates,
  QueueRecord,
  QueuesOptions,
  ResultOutput,
  ResultStore,
  RetentionOptions,
  TaskAttempt,
  TaskDefinition,
  TaskDefinitions,
  TaskFailure,
  TaskId,
  TaskLogEntry,
  TaskResult,
  TaskState,
  TaskStatus,
  Tasks,
  TaskTypeOf,
  Tracing,
  WorkerLabels,
} from '@goflow/shared';
export {
  combineTasks,
  defineTasks,
  ERRORS,
  GoflowError,
  isGoflowError,
  redactPayload,
  TASK_STATES,
  TaskFailedError,
  WaitTimeoutError,
} from '@goflow/shared';
export type { BoundOptions } from './bounds/bound-options.js';
export type { GoflowOptions } from './create-goflow.js';
export { createGoflow } from './create-goflow.js';
export type { ChangeOptions, GoflowFleet } from './fleet/goflow-fleet.js';
export type { QueueLoad } from './fleet/read-rates.js';
export type { AnyResult, CancelOptions, Goflow, WaitOptions } from './goflow.js';
export type {
  DiscardAllOptions,
  DiscardProgress,
  DiscardReport,
  RedriveAllOptions,
  RedriveOptions,
  RedriveProgress,
  RedriveReport,
} from './inspector/dead-letter-options.js';
export type { DeadLetterFilter, TaskFilter } from './inspector/filter.js';
export type {
  Discarded,
  GoflowDeadLetters,
  GoflowInspector,
  GroupedDeadLetters,
  Redriven,
  TaskCounts,
  TypedTaskCounts,
} from './inspector/goflow-inspector.js';
export type { DeadLetterGroup } from './inspector/groups.js';
export type { TaskList } from './inspector/task-list.js';
export type { TaskInfo, TaskSummary, WorkerInfo } from './inspector/task-summary.js';
export type { WaitManyOptions } from './many/gather.js';
export type { MapOptions } from './many/map-options.js';
export type { MapOutcome } from './many/map-run.js';
export type { ManyOptions, PushManyOptions } from './many-options.js';
export type { PushRequest } from './push.js';
export type { PushOutcome } from './push-incomplete-error.js';
export { PushIncompleteError } from './push-incomplete-error.js';
export type { NextPush, PushMiddleware } from './push-middleware.js';
export type { TaskChange, WatchOptions } from './watching.js';
