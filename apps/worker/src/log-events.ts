import { type Logger, type TaskFinished, toFailure, type WorkerEventSource } from '@goflow/shared';

/** Writes what a worker does to its log. Never a payload, never a result. */
export function logEvents(events: WorkerEventSource, logger: Logger): void {
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
  events.on('task:abandoned', ({ task }) =>
    logger.warn(
      { taskId: task.id, taskType: task.type },
      'the attempt timed out; its handler may still go on',
    ),
  );
  events.on('task:lost', ({ task }) =>
    logger.warn(
      { taskId: task.id, taskType: task.type },
      'the lease was lost: this outcome was dropped',
    ),
  );
  events.on('task:finished', (event) => logFinished(event, logger));
}

function logFinished({ task, verdict, runMs }: TaskFinished, logger: Logger): void {
  // Most tasks complete, and few logs show it: not even the fields are made for those.
  if (verdict.kind === 'completed') return;
  const fields = {
    taskId: task.id,
    taskType: task.type,
    attempt: task.attempt,
    runMs: Math.round(runMs),
  };
  if (verdict.kind === 'handed-back')
    logger.info({ ...fields, reason: verdict.reason }, 'task handed back');
  else if (verdict.kind === 'retry')
    logger.warn(
      { ...fields, delayMs: verdict.delayMs, failure: verdict.failure },
      'attempt failed, will be tried again',
    );
  else {
    const level = verdict.kind === 'failed' ? 'error' : 'info';
    logger[level]({ ...fields, failure: verdict.failure }, `task ${verdict.kind}`);
  }
}
