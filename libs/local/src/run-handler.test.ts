import { NonRetryableError, RetryLaterError, type TaskContext } from '@goflow/worker';
import { expect, test } from 'vitest';
import { runHandler } from './run-handler.js';

test('what a handler returns, reports and logs', async () => {
  const handler = async (payload: string, ctx: TaskContext) => {
    await ctx.progress(50);
    await ctx.progress({ done: true });
    ctx.log.info('hello');
    ctx.log.child({ step: 1 }).warn({ left: 2 }, 'careful');
    return `${payload} ${ctx.attempt}/${ctx.maxAttempts} ${ctx.tags.join()}`;
  };
  expect(await runHandler(handler, 'x', { attempt: 2, tags: ['eu'] })).toEqual({
    outcome: 'completed',
    result: 'x 2/3 eu',
    progress: [50, { done: true }],
    log: [
      { level: 'info', message: 'hello' },
      { level: 'warn', message: 'careful', fields: { step: 1, left: 2 } },
    ],
  });
});

test.each([
  [new Error('no'), {}, { outcome: 'retry' }],
  [new Error('no'), { attempt: 3 }, { outcome: 'failed' }],
  [new Error('no'), { attempt: 3, maxAttempts: 4 }, { outcome: 'retry' }],
  [new NonRetryableError('never'), {}, { outcome: 'failed' }],
  [new RetryLaterError('later', { delay: '2s' }), {}, { outcome: 'retry', delayMs: 2_000 }],
  [
    new RetryLaterError('later', { delay: '2s', counted: false }),
    { attempt: 3 },
    { outcome: 'snoozed', delayMs: 2_000 },
  ],
])('what a handler throws: %s with %j', async (thrown, options, expected) => {
  const run = await runHandler(() => Promise.reject(thrown), null, options);
  expect(run).toMatchObject({ ...expected, failure: { message: thrown.message } });
});

test('the signal is the one that is given', async () => {
  const leaving = new AbortController();
  leaving.abort(new Error('enough'));
  const handler = (_: null, { signal }: TaskContext) => signal.throwIfAborted();
  const run = await runHandler(handler, null, { signal: leaving.signal });
  expect(run).toMatchObject({ outcome: 'retry', failure: { message: 'enough' } });
});
