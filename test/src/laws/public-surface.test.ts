import * as local from '@goflow/local';
import * as sdk from '@goflow/sdk';
import * as sdkTracing from '@goflow/sdk/tracing';
import * as worker from '@goflow/worker';
import * as workerTracing from '@goflow/worker/tracing';
import { expect, test } from 'vitest';

// A difference here is a decision about the next version: a name more is a minor one, a name less is a major one.

test('what @goflow/sdk exports', () => {
  expect(Object.keys(sdk).sort()).toMatchInlineSnapshot(`
    [
      "ERRORS",
      "GoflowError",
      "PushIncompleteError",
      "TASK_STATES",
      "TaskFailedError",
      "WaitTimeoutError",
      "combineTasks",
      "createGoflow",
      "createMemoryResultStore",
      "createPostgresResultStore",
      "createRedisResultStore",
      "defineTasks",
      "isGoflowError",
      "redactPayload",
    ]
  `);
});

test('what @goflow/worker exports', () => {
  expect(Object.keys(worker).sort()).toMatchInlineSnapshot(`
    [
      "ERRORS",
      "GoflowError",
      "HandlerRegistry",
      "NonRetryableError",
      "RetryLaterError",
      "combineTasks",
      "createMemoryResultStore",
      "createPostgresResultStore",
      "createRedisResultStore",
      "createWorker",
      "defineHandler",
      "defineHandlers",
      "defineTasks",
      "isGoflowError",
    ]
  `);
});

test('what @goflow/local exports', () => {
  expect(Object.keys(local).sort()).toMatchInlineSnapshot(`
    [
      "ERRORS",
      "GoflowError",
      "HandlerRegistry",
      "NonRetryableError",
      "RetryLaterError",
      "TaskFailedError",
      "WaitTimeoutError",
      "combineTasks",
      "createFakeClock",
      "createLocalGoflow",
      "defineHandler",
      "defineHandlers",
      "defineTasks",
      "isGoflowError",
      "runHandler",
    ]
  `);
});

test('what makes traces is exported apart, so that nobody loads it unasked', () => {
  for (const module of [sdkTracing, workerTracing])
    expect(Object.keys(module)).toEqual(['createTracing']);
});
