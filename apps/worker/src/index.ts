/**
 * The door of those who run tasks.
 *
 * @example
 * import { createWorker, defineHandlers } from '@goflow/worker';
 * import { tasks } from './tasks.js';
 *
 * const handlers = defineHandlers(tasks, { repeater: async (payload) => payload });
 * const worker = createWorker({ tasks, handlers, redis: 'redis://localhost:6379', concurrency: 10 });
 * await worker.start();
 *
 * @module
 */

export type {
  MemoryResultStore,
  MemoryResultStoreOptions,
  PostgresPool,
  PostgresResultStore,
  PostgresResultStoreOptions,
  RedisGiven,
  RedisResultStore,
  RedisResultStoreOptions,
} from '@goflow/broker';
export {
  createMemoryResultStore,
  createPostgresResultStore,
  createRedisResultStore,
} from '@goflow/broker';
export type {
  BackoffFunction,
  ConsumerBroker,
  DataLoss,
  Duration,
  EncryptionOptions,
  ErrorCode,
  HandBack,
  Logger,
  ResultStore,
  RetryLaterOptions,
  TakenTask,
  TaskDefinition,
  TaskDefinitions,
  TaskFailure,
  TaskFinished,
  TaskId,
  TaskOutcome,
  Tasks,
  Tracing,
  UnhappyOutcome,
  Verdict,
  WorkerAdvert,
  WorkerEvents,
  WorkerLabels,
} from '@goflow/shared';
export {
  combineTasks,
  defineTasks,
  ERRORS,
  GoflowError,
  isGoflowError,
  NonRetryableError,
  RetryLaterError,
} from '@goflow/shared';
export type {
  AttemptFacts,
  Callbacks,
  FailureFacts,
  RetryFacts,
  SuccessFacts,
} from './callbacks.js';
export type { ConcurrencyState } from './concurrency/concurrencies.js';
export type { ConcurrencyBounds } from './concurrency/concurrency-options.js';
export type { Next, TaskMiddleware } from './execution/middleware.js';
export type { Handler, TaskContext } from './handlers/handler.js';
export type { HandlerDefinition, Handlers } from './handlers/handler-registry.js';
export { defineHandler, defineHandlers, HandlerRegistry } from './handlers/handler-registry.js';
export type { TaskLog, TaskLogLine } from './handlers/task-log.js';
export type { HttpOptions } from './ops/http-options.js';
export type { WorkerOptions } from './options.js';
export type { Liveness, Readiness, Worker, WorkerState } from './worker.js';
export { createWorker } from './worker.js';
