/**
 * The kernel of goflow: contracts, ids, states, outcomes, errors, options, and the ports that adapters implement.
 * Pure: no I/O, no environment, nothing happens on import.
 *
 * @module
 */

export { type CombinedTasks, combineTasks } from './contract/combine-tasks.js';
export type { TaskContract, Tasks } from './contract/define-tasks.js';
export { contractOf, defineTasks, isTaskType } from './contract/define-tasks.js';
export type { ParseIssue, ParseSubject } from './contract/parse.js';
export { parse } from './contract/parse.js';
export type { RedactPaths } from './contract/redaction.js';
export { REDACTED, redactLogFields, redactPayload } from './contract/redaction.js';
export type {
  PayloadInput,
  PayloadOutput,
  ProgressInput,
  ProgressOutput,
  ResultInput,
  ResultOutput,
  TaskDefinition,
  TaskDefinitions,
  TaskTypeOf,
} from './contract/task-definition.js';
export { cancelledError, cancelledFailure } from './errors/cancelled.js';
export type { ErrorCode, ErrorEntry } from './errors/error-table.js';
export { ERRORS } from './errors/error-table.js';
export type { GoflowErrorOptions } from './errors/goflow-error.js';
export {
  GoflowError,
  isGoflowError,
  TaskFailedError,
  WaitTimeoutError,
} from './errors/goflow-error.js';
export type { RetryLaterOptions } from './errors/handler-errors.js';
export { NonRetryableError, RetryLaterError } from './errors/handler-errors.js';
export type { TaskFailure } from './errors/task-failure.js';
export { toFailure } from './errors/task-failure.js';
export { NO_TASK_ID, unknownTask } from './errors/unknown-task.js';
export type { ClientEvents } from './events/client-events.js';
export type { DataLoss } from './events/data-loss.js';
export { Emitter } from './events/emitter.js';
export type { TaskFinished, WorkerEventSource, WorkerEvents } from './events/worker-events.js';
export { canBeHeldUp, type FleetNow, heldUpBy, type OpenTask } from './fleet/held-up-by.js';
export type { QueueRates } from './fleet/queue-rates.js';
export { queueRatesOf } from './fleet/queue-rates.js';
export { bySpecificity, ruleFor, scopeText } from './fleet/rule-for.js';
export type { BackoffFunction, BackoffOptions, ResolvedBackoffOptions } from './options/backoff.js';
export { backoffDelayMs, DEFAULT_BACKOFF, resolveBackoff } from './options/backoff.js';
export { checkLogger } from './options/check-logger.js';
export { checkTracing } from './options/check-tracing.js';
export type { DeduplicationWindow, ResolvedDeduplication } from './options/deduplication.js';
export { checkKey } from './options/deduplication.js';
export type { Duration, DurationLimits, DurationUnit } from './options/duration.js';
export { MAX_TIMER_MS, spell, toMs } from './options/duration.js';
export type { EncryptionOptions } from './options/encryption.js';
export { resolveEncryption } from './options/encryption.js';
export { checkInteger, checkKnown, invalidOption } from './options/invalid-option.js';
export { checkLabels, MAX_CONCURRENCY } from './options/labels.js';
export {
  checkPrefix,
  checkQueueName,
  DEFAULT_PREFIX,
  DEFAULT_QUEUE,
  isQueueName,
} from './options/names.js';
export type { PushOptions, ResolvedPushOptions } from './options/push-options.js';
export {
  MAX_ATTEMPTS,
  MAX_PRIORITY,
  PUSH_OPTIONS,
  resolvePushOptions,
} from './options/push-options.js';
export type { ResolvedRetention, RetentionOptions } from './options/retention.js';
export { MAX_HORIZON_MS, resolveRetention } from './options/retention.js';
export { meantBy, suggest } from './options/suggest.js';
export { checkTags, isTag } from './options/tags.js';
export type {
  Broker,
  Cancelled,
  ChunkEnvelope,
  DetailOptions,
  Pushed,
  QueueCounts,
  ReplyInbox,
  ReplyListener,
  TaskEnvelope,
  Watching,
} from './ports/broker.js';
export type { Clock, ClockTimer } from './ports/clock.js';
export type {
  ConsumeOptions,
  Consumer,
  ConsumerBroker,
  ConsumerListener,
  TakenTask,
} from './ports/consumer.js';
export type {
  AuditRecord,
  ConcurrencyRule,
  ConcurrencyScope,
  FleetBroker,
  FleetChange,
  QueueRecord,
  QueuesOptions,
  WorkerLabels,
} from './ports/fleet-broker.js';
export type { FleetExporter, FleetState, ServerRecord } from './ports/fleet-exporter.js';
export type { FleetRuns, ToldRun } from './ports/fleet-runs.js';
export type {
  Administered,
  AdvertisedQueue,
  InspectorBroker,
  PageQuestion,
  TaskPage,
  WorkerAdvert,
  WorkerRecord,
} from './ports/inspector-broker.js';
export type { Logger, LogLine } from './ports/logger.js';
export { SILENT_LOGGER } from './ports/logger.js';
export type { ResultStore } from './ports/result-store.js';
export type {
  AttemptTrace,
  PushEnd,
  PushFacts,
  TraceCarrier,
  TraceIds,
  Tracing,
} from './ports/tracing.js';
export type { DeadLetterReason } from './task/dead-letter.js';
export { DEAD_LETTER_REASONS, deadLetterReason, fingerprintOf } from './task/dead-letter.js';
export type { TaskAttempt, TaskDetail, TaskLogEntry, TaskNews } from './task/task-detail.js';
export type { ChunkPlace, TaskId, TaskIdParts } from './task/task-id.js';
export {
  MAX_CHUNK,
  newTaskId,
  parseTaskId,
  taskIdOf,
  taskIdOfKey,
  uniqueInChunk,
} from './task/task-id.js';
export type {
  HandBack,
  HandBackReason,
  TaskOutcome,
  UnhappyOutcome,
  Verdict,
} from './task/task-outcome.js';
export type {
  TaskFacts,
  TaskRecord,
  TaskResult,
  TaskStatus,
  UnknownTask,
} from './task/task-record.js';
export type { FinalState, OpenState, TaskState } from './task/task-state.js';
export { isFinal, TASK_STATES } from './task/task-state.js';
export { VERSION } from './version.js';
export type { CipherOptions, CipherPlace } from './wire/cipher.js';
export { Cipher } from './wire/cipher.js';
export {
  compressJson,
  escapeJson,
  expandJson,
  isCompressed,
  resolveCompressAbove,
} from './wire/compressed-json.js';
export {
  decryptJson,
  encryptJson,
  escapeEncrypted,
  isEncrypted,
  isWrapped,
  openJson,
  protectJson,
} from './wire/encrypted-json.js';
export type { ReportOf } from './wire/encrypted-report.js';
export {
  decryptFailure,
  decryptLine,
  ENCRYPTED_TEXT,
  encryptFailure,
  encryptLine,
} from './wire/encrypted-report.js';
export { ENCRYPTED_VERSION, ENVELOPE_VERSION } from './wire/envelope-version.js';
export type { WireSubject } from './wire/json.js';
export { encodeJson, MAX_DEPTH } from './wire/json.js';
export type { JsonFault } from './wire/json-fault.js';
export { findJsonFault } from './wire/json-fault.js';
export { decodeLogLine, encodeLogLine } from './wire/log-line.js';
