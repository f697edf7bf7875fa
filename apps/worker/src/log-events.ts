import {
  type HandBackReason,
  type Logger,
  type TakenTask,
  type TaskFinished,
  toFailure,
  type WorkerEventSource,
} from '@goflow/shared';
import type { AttemptTraces } from './execution/attempt-traces.js';
import { loggedFailure, taskFields } from './execution/task-fields.js';

/** Writes what a worker does to its log. Never a payload, never a result. */
export function logEvents(events: WorkerEventSource, logger: Logger, traces?: AttemptTraces): void {
  logWorker(events, logger);
  logTasks(events, logger, traces);
}

function logWorker(events: WorkerEventSource, logger: Logger): void {
  events.on('worker:listening', ({ url }) =>
    logger.info({ url }, `metrics, health and concurrency at ${url}`),
  );
  events.on('worker:started', ({ queues }) => logger.info({ queues }, 'worker started'));
  events.on('worker:concurrency', (change) => logger.info(change, 'concurrency changed'));
  events.on('worker:quiet', () => logger.info({}, 'worker takes nothing new'));
  events.on('worker:stopped', () => logger.info({}, 'worker stopped'));
  // Not the error itself: a refused AUTH carries the password among its arguments.
  events.on('broker:trouble', ({ error, repeated }) =>
    logger.warn(
      { failure: toFailure(error, 'BROKER_UNAVAILABLE'), repeated },
      'trouble with Redis',
    ),
  );
  events.on('broker:data-lost', (loss) =>
    logger.error(loss, 'Redis has lost its data: tasks and results that were there are gone'),
  );
  events.on('consumer:rebuilt', ({ queue }) =>
    logger.warn(
      { queue },
      'tasks waited and none was taken though slots were free: what takes them was rebuilt',
    ),
  );
}

function logTasks(events: WorkerEventSource, logger: Logger, traces?: AttemptTraces): void {
  events.on('task:abandoned', ({ task }) =>
    logger.warn(
      taskFields(task, traces),
      'the attempt timed out, and its handler goes on: it does not heed ctx.signal',
    ),
  );
  events.on('task:lost', ({ task }) =>
    logger.warn(taskFields(task, traces), 'the lease was lost: this outcome was dropped'),
  );
  events.on('task:taken-over', tellTakenOver(logger));
  const toldAt = new Map<HandBackReason, number>();
  events.on('task:finished', (event) => {
    const { verdict } = event;
    const isOfMany = verdict.kind === 'handed-back' && SELDOM.has(verdict.reason);
    if (!isOfMany || isDue(toldAt, verdict.reason)) logFinished(event, logger, traces);
  });
}

/** A worker that dies leaves as many as it had slots, or chunks of them. */
const MOST_TAKEN_OVER = 10;

/** At most ten lines a minute; the next one says how many were held back. */
function tellTakenOver(logger: Logger): (event: { readonly task: TakenTask }) => void {
  let since = Number.NEGATIVE_INFINITY;
  let told = 0;
  let repeated = 0;
  return ({ task }) => {
    const now = performance.now();
    if (now - since >= SELDOM_MS) [since, told] = [now, 0];
    if (told === MOST_TAKEN_OVER) {
      repeated += 1;
      return;
    }
    told += 1;
    const { starts, stalls } = task;
    const fields = { ...taskFields(task), starts, stalls, repeated };
    repeated = 0;
    logger.warn(fields, 'a worker died or froze while it ran this task: it runs again');
  };
}

/** What a worker cannot run until somebody does something about it: all tasks of a queue, again and again. */
const SELDOM = new Map<HandBackReason, string>([
  ['envelope-newer', 'tasks of a newer release are handed back: update this worker'],
  ['key-missing', 'tasks are handed back: a key that they are encrypted with is not here'],
]);
const SELDOM_MS = 60_000;

function isDue(toldAt: Map<HandBackReason, number>, reason: HandBackReason): boolean {
  const now = performance.now();
  if (now - (toldAt.get(reason) ?? Number.NEGATIVE_INFINITY) < SELDOM_MS) return false;
  toldAt.set(reason, now);
  return true;
}

function logFinished(
  { task, verdict, runMs }: TaskFinished,
  logger: Logger,
  traces: AttemptTraces | undefined,
): void {
  // Most tasks complete, and few logs show it: not even the fields are made for those.
  if (verdict.kind === 'completed') return;
  const fields = { ...taskFields(task, traces), runMs: Math.round(runMs) };
  if (verdict.kind === 'handed-back') {
    const warning = SELDOM.get(verdict.reason);
    const line = { ...fields, reason: verdict.reason };
    if (warning === undefined) logger.info(line, 'task handed back');
    else logger.warn(line, warning);
  } else if (verdict.kind === 'retry')
    logger.warn(
      { ...fields, delayMs: verdict.delayMs, failure: loggedFailure(verdict.failure) },
      'attempt failed, will be tried again',
    );
  else {
    const level = verdict.kind === 'failed' ? 'error' : 'info';
    logger[level]({ ...fields, failure: loggedFailure(verdict.failure) }, `task ${verdict.kind}`);
  }
}
