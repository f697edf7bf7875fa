import { defineTasks } from '@goflow/sdk';
import { createTracing } from '@goflow/sdk/tracing';
import { createLogger } from '@goflow/telemetry/logger';
import { until } from '@goflow/testing';
import { NonRetryableError, RetryLaterError, type TaskContext } from '@goflow/worker';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokersAndInChunks } from '../contract/worlds.js';
import { collectSpans } from '../tracing/collected-spans.js';

const SECRET = 'canary-5b21';

const any = { payload: z.any(), result: z.any(), backoff: 0 } as const;
const definitions = {
  fine: any,
  fail: { ...any, maxAttempts: 2 },
  dead: any,
  snooze: any,
  slow: { ...any, timeout: '20ms', maxAttempts: 1 },
  cancelled: any,
  late: { ...any, startBy: 1 },
  'bad-payload': any,
  'bad-result': any,
} as const;
/** What clients push with: they check nothing. */
const tasks = defineTasks(definitions);
/** What the worker runs with: schemas of valibot quote the value that they refuse. */
const strict = defineTasks({
  ...definitions,
  'bad-payload': { payload: v.number(), result: z.any() },
  'bad-result': { payload: z.any(), result: v.object({ a: v.number() }) },
});

const aborted = ({ signal }: Pick<TaskContext, 'signal'>) =>
  new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null)));

const handlers = {
  fine: (payload: unknown, ctx: Pick<TaskContext, 'log'>) => {
    ctx.log.info('running');
    return payload;
  },
  fail: (payload: unknown) => {
    const cause = Object.assign(new Error('away'), { details: { sent: payload } });
    throw Object.assign(new Error('no', { cause }), { details: { headers: { token: payload } } });
  },
  dead: () => {
    throw new NonRetryableError('never');
  },
  snooze: (_payload: unknown, { starts }: Pick<TaskContext, 'starts'>) => {
    if (starts === 1) throw new RetryLaterError('later', { delay: 0, counted: false });
    return null;
  },
  slow: (_payload: unknown, ctx: Pick<TaskContext, 'signal'>) => aborted(ctx),
  cancelled: (_payload: unknown, ctx: Pick<TaskContext, 'signal' | 'log'>) => {
    ctx.log.info('it runs');
    return aborted(ctx);
  },
  late: () => null,
  'bad-payload': () => null,
  'bad-result': (payload: unknown) => ({ a: payload }) as never,
};

function lines() {
  const written: string[] = [];
  const destination = { write: (line: string) => void written.push(line) };
  const about = (type: string) =>
    written
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ taskType, taskId }) => taskType === type && taskId !== undefined);
  return { written, about, logger: createLogger({ level: 'debug', destination }) };
}

onBothBrokersAndInChunks((open) => {
  test('no line of a log holds a payload, whatever becomes of its task; each names task, attempt, worker and trace', async () => {
    collectSpans();
    const world = open();
    const tracing = createTracing();
    const { written, about, logger } = lines();
    const goflow = world.client(tasks, { tracing, logger });
    const types = Object.keys(definitions) as (keyof typeof definitions)[];
    const late = await goflow.push('late', SECRET);
    const { pushedAt } = (await goflow.inspector.get(late)) ?? { pushedAt: new Date() };
    await until(() => Date.now() > pushedAt.getTime() + 5, { what: 'its time is over' });
    await world.worker(strict, handlers, { tracing, logger, name: 'w1' });
    const others = types.filter((type) => type !== 'late');
    const ids = await Promise.all(others.map((type) => goflow.push(type, SECRET)));
    const cancelled = ids[others.indexOf('cancelled')] ?? '';
    await until(() => about('cancelled').length === 1, { what: 'it runs' });
    await goflow.cancel(cancelled);
    const results = await goflow.waitAll([late, ...ids]);
    expect(results.map(({ status }) => status).sort()).toEqual(
      'cancelled completed completed expired failed failed failed failed failed'.split(' '),
    );
    await until(() => types.every((type) => about(type).length > 0), { what: 'all are told of' });
    expect(written.join('')).not.toContain(SECRET);
    expect(about('bad-result')).toMatchObject([
      {
        failure: {
          code: 'RESULT_INVALID',
          message: 'its contract refuses a (number)',
        },
      },
    ]);
    for (const type of types)
      for (const line of about(type))
        expect(line, JSON.stringify(line)).toMatchObject({
          taskId: expect.any(String),
          attempt: expect.any(Number),
          worker: 'w1',
          trace_id: expect.stringMatching(/^[\da-f]{32}$/),
          span_id: expect.stringMatching(/^[\da-f]{16}$/),
        });
  });
});
