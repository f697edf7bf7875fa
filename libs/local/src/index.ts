/**
 * goflow in one process, without Redis: for small programs and for tests.
 *
 * @example
 * import { createLocalGoflow } from '@goflow/local';
 *
 * await using goflow = createLocalGoflow({ tasks, handlers, concurrency: 5 });
 * console.log(await goflow.wait(await goflow.push('repeater', 'hello')));
 *
 * @module
 */

export type { FakeClock } from '@goflow/broker/memory';
export { createFakeClock } from '@goflow/broker/memory';
export {
  combineTasks,
  defineTasks,
  ERRORS,
  GoflowError,
  isGoflowError,
  TaskFailedError,
  WaitTimeoutError,
} from '@goflow/sdk';
export type { Clock } from '@goflow/shared';
export {
  defineHandler,
  defineHandlers,
  HandlerRegistry,
  NonRetryableError,
  RetryLaterError,
} from '@goflow/worker';
export { createLocalGoflow } from './create-local-goflow.js';
export type { LeftTask, LocalGoflow, LocalStopOptions, RunOptions } from './local-goflow.js';
export type { LocalGoflowOptions } from './local-options.js';
export type { HandlerRun, RunHandlerOptions } from './run-handler.js';
export { runHandler } from './run-handler.js';
export type { LocalWork, Tracker } from './tracker.js';
