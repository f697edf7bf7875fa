import { randomBytes } from 'node:crypto';
import { defineTasks } from '@goflow/sdk';
import { createTracing } from '@goflow/sdk/tracing';
import { until } from '@goflow/testing';
import { NonRetryableError, RetryLaterError, type TaskContext } from '@goflow/worker';
import { context, createTraceState, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokers, onBothBrokersAndInChunks } from '../contract/worlds.js';
import { collectSpans } from './collected-spans.js';

const SECRET = 'canary-7431';

const tasks = defineTasks({
  echo: { payload: z.any(), result: z.any(), backoff: 0 },
  fail: { payload: z.any(), result: z.any(), maxAttempts: 2, backoff: 0 },
  wait: { payload: z.any(), result: z.any(), timeout: '1h' },
  snooze: { payload: z.any(), result: z.any() },
});

const handlers = {
  echo: (payload: unknown) => payload,
  fail: (payload: unknown) => {
    throw Object.assign(new RangeError(`not ${String(payload)}`), { details: payload });
  },
  wait: async (_payload: unknown, ctx: Pick<TaskContext, 'signal' | 'progress'>) => {
    await ctx.progress('it runs');
    return new Promise<null>((resolve) =>
      ctx.signal.addEventListener('abort', () => resolve(null)),
    );
  },
  snooze: (_payload: unknown, { starts }: { starts: number }) => {
    if (starts === 1) throw new RetryLaterError('later', { delay: 0, counted: false });
    return null;
  },
};

const parentOf = (span: ReadableSpan | undefined): string | undefined =>
  span?.parentSpanContext?.spanId;
const idOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().spanId;
const outcomes = (spans: readonly ReadableSpan[]): unknown[] =>
  spans.map(({ attributes }) => [
    attributes['goflow.task.attempt'],
    attributes['goflow.task.outcome'],
    attributes['error.type'],
  ]);

onBothBrokersAndInChunks((open) => {
  test('each attempt is a child of the push and says how it ended; nothing of the payload is told', async () => {
    const spans = collectSpans();
    const world = open();
    const tracing = createTracing();
    const goflow = world.client(tasks, { tracing });
    await world.worker(tasks, handlers, { tracing, name: 'w1' });
    const id = await goflow.push('fail', SECRET);
    await goflow.waitAll([id]);
    await until(() => spans.named('process default').length === 2, { what: 'both are told' });
    const [push] = spans.named('push default');
    expect(push?.attributes).toMatchObject({
      'messaging.system': 'goflow',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'default',
      'goflow.task.type': 'fail',
    });
    const attempts = spans.named('process default');
    expect(attempts.map(parentOf)).toEqual([idOf(push), idOf(push)]);
    expect(attempts.map(({ links }) => links.map((link) => link.context.spanId))).toEqual([
      [idOf(push)],
      [idOf(push)],
    ]);
    expect(outcomes(attempts)).toEqual([
      [1, 'retry', 'HANDLER_FAILED'],
      [2, 'failed', 'HANDLER_FAILED'],
    ]);
    expect(attempts[0]?.attributes).toMatchObject({
      'messaging.operation.type': 'process',
      'messaging.message.id': id,
      'messaging.client.id': 'w1',
    });
    expect(attempts[0]?.events.map((event) => event.attributes)).toEqual([
      { 'exception.type': 'RangeError' },
    ]);
    const told = spans.all.map(({ attributes, events, status, name }) => [
      attributes,
      events,
      status,
      name,
    ]);
    expect(JSON.stringify(told)).not.toContain(SECRET);
  });

  test('what a handler pushes, and its own spans, are children of its attempt; two tasks do not mix', async () => {
    const spans = collectSpans();
    const world = open();
    const tracing = createTracing();
    const goflow = world.client(tasks, { tracing });
    const child = { ...handlers, echo: (payload: unknown) => payload };
    const parents = {
      ...child,
      echo: async (payload: unknown) => {
        if (payload !== 'parent') return payload;
        await new Promise((resolve) => setTimeout(resolve, 5));
        await trace
          .getTracer('test')
          .startActiveSpan('inner', (span) =>
            goflow.push('echo', 'child').finally(() => span.end()),
          );
        return payload;
      },
    };
    await world.worker(tasks, parents, { tracing });
    const ids = [await goflow.push('echo', 'parent'), await goflow.push('echo', 'parent')];
    await goflow.waitAll(ids);
    await until(() => spans.named('process default').length === 4, { what: 'all are told' });
    const byId = new Map(spans.all.map((span) => [idOf(span), span]));
    const up = (span: ReadableSpan | undefined): string[] =>
      span ? [span.name, ...up(byId.get(parentOf(span)))] : [];
    const paths = spans.named('process default').map((span) => up(span).join(' < '));
    const alone = 'process default < push default';
    const inner = `${alone} < inner < ${alone}`;
    expect(paths.sort()).toEqual([alone, alone, inner, inner]);
    expect(new Set(spans.all.map((span) => span.spanContext().traceId)).size).toBe(2);
  });

  test('a task that is snoozed or cancelled says so', async () => {
    const spans = collectSpans();
    const world = open();
    const tracing = createTracing();
    const goflow = world.client(tasks, { tracing });
    await world.worker(tasks, handlers, { tracing });
    await goflow.waitAll([await goflow.push('snooze', null)]);
    const id = await goflow.push('wait', null);
    for await (const change of goflow.watch(id)) if (change.kind === 'progress') break;
    await goflow.cancel(id);
    await until(() => spans.named('process default').length === 3, { what: 'all are told' });
    expect(outcomes(spans.named('process default'))).toEqual([
      [1, 'handed-back', undefined],
      [1, 'completed', undefined],
      [1, 'cancelled', 'TASK_CANCELLED'],
    ]);
  });
});

onBothBrokers((open) => {
  test('many are one push; each has an attempt of its own, in chunks, too', async () => {
    const spans = collectSpans();
    const world = open();
    const tracing = createTracing();
    const goflow = world.client(tasks, { tracing });
    await world.worker(tasks, handlers, { tracing });
    for (const chunk of [1, 2])
      await goflow.waitAll(await goflow.pushMany('echo', [1, 2, 3], { chunk }));
    await until(() => spans.named('process default').length === 6, { what: 'all are told' });
    const pushes = spans.named('push default');
    expect(pushes.map(({ attributes }) => attributes['messaging.batch.message_count'])).toEqual([
      3, 3,
    ]);
    const parents = spans.named('process default').map(parentOf);
    for (const push of pushes)
      expect(parents.filter((parent) => parent === idOf(push))).toHaveLength(3);
  });

  test('a trace of the caller’s own is the parent; of many with traces of their own, each keeps its own', async () => {
    const spans = collectSpans();
    const world = open();
    const tracing = createTracing();
    const goflow = world.client(tasks, { tracing });
    await world.worker(tasks, handlers, { tracing });
    const traces = ['a', 'b'].map((digit) => digit.repeat(32));
    const given = traces.map((id) => ({ traceparent: `00-${id}-${'c'.repeat(16)}-01` }));
    await goflow.waitAll([await goflow.push('echo', 1, given[0])]);
    await goflow.waitAll(await goflow.pushMany('echo', [0, 1], (_payload, at) => given[at] ?? {}));
    await until(() => spans.named('process default').length === 3, { what: 'all are told' });
    const [push] = spans.named('push default');
    expect(push?.spanContext().traceId).toBe(traces[0]);
    const attempts = spans.named('process default');
    expect(attempts.map((span) => span.spanContext().traceId).sort()).toEqual([
      traces[0],
      traces[0],
      traces[1],
    ]);
    expect(parentOf(attempts[0])).toBe(idOf(push));
  });

  test('a task that was there before is named; one that is redriven goes on in the trace of its push', async () => {
    const spans = collectSpans();
    const world = open();
    const tracing = createTracing();
    const goflow = world.client(tasks, { tracing });
    const id = await goflow.push('fail', 1, { deduplicationKey: 'a' });
    await goflow.push('fail', 1, { deduplicationKey: 'a' });
    const [push, again] = spans.named('push default');
    expect(again?.attributes).toMatchObject({
      'goflow.task.deduplicated': true,
      'messaging.message.id': id,
    });
    const failing = {
      ...handlers,
      fail: () => {
        throw new NonRetryableError('no');
      },
    };
    await world.worker(tasks, failing, { tracing });
    await goflow.waitAll([id]);
    await goflow.inspector.deadLetters.redrive(id);
    await until(() => spans.named('process default').length === 2, { what: 'both are told' });
    const attempts = spans.named('process default');
    expect(attempts.map(parentOf)).toEqual([idOf(push), idOf(push)]);
    expect(outcomes(attempts)).toEqual([
      [1, 'failed', 'NON_RETRYABLE'],
      [1, 'failed', 'NON_RETRYABLE'],
    ]);
  });

  test('without the option nothing goes with a task and nothing is told, whatever is set up', async () => {
    const spans = collectSpans();
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers);
    const id = await trace
      .getTracer('test')
      .startActiveSpan('mine', (span) => goflow.push('echo', 1).finally(() => span.end()));
    await goflow.wait(id);
    expect((await goflow.inspector.get(id))?.options).toEqual({});
    expect(spans.all.map(({ name }) => name)).toEqual(['mine']);
  });

  test('what vendors say of a trace goes along with it', async () => {
    collectSpans();
    const world = open();
    const tracing = createTracing();
    const goflow = world.client(tasks, { tracing });
    const states: unknown[] = [];
    const noting = {
      ...handlers,
      echo: () => {
        states.push(trace.getActiveSpan()?.spanContext().traceState?.serialize());
        return null;
      },
    };
    await world.worker(tasks, noting, { tracing });
    const above = {
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      traceFlags: 1,
      traceState: createTraceState('vendor=a "value"'),
    };
    const active = trace.setSpanContext(context.active(), above);
    await goflow.wait(await context.with(active, () => goflow.push('echo', 1)));
    expect(states).toEqual(['vendor=a "value"']);
  });

  test('who decides not to sample decides for the whole trace', async () => {
    const world = open();
    const seen: (string | undefined)[] = [];
    const noting = {
      ...handlers,
      echo: (_: unknown, ctx: { traceparent: string | undefined }) => {
        seen.push(ctx.traceparent);
        return null;
      },
    };
    const spans = collectSpans(false);
    const tracing = createTracing();
    const goflow = world.client(tasks, { tracing });
    await world.worker(tasks, noting, { tracing });
    await goflow.wait(await goflow.push('echo', 1));
    expect(seen).toEqual([expect.stringMatching(/^00-[\da-f]{32}-[\da-f]{16}-00$/)]);
    expect(spans.all).toEqual([]);
  });

  test('a push that fails is told as failed', async () => {
    const spans = collectSpans();
    const goflow = open().client(tasks, { tracing: createTracing() });
    await goflow.push('echo', 1, { id: 'mine' });
    await expect(goflow.push('echo', 2, { id: 'mine' })).rejects.toThrow();
    await expect(
      goflow.pushMany('echo', [1, 3], (_payload, at) => ({ id: at === 0 ? 'mine' : 'other' })),
    ).resolves.toHaveLength(2);
    await expect(
      goflow.pushMany('echo', [5, 6], (_payload, at) => ({ id: at === 0 ? 'mine' : 'third' })),
    ).rejects.toThrow();
    expect(
      spans
        .named('push default')
        .map(({ attributes }) => [
          attributes['error.type'],
          attributes['goflow.push.failed_count'],
        ]),
    ).toEqual([
      [undefined, undefined],
      ['TASK_ID_TAKEN', undefined],
      [undefined, undefined],
      ['TASK_ID_TAKEN', 1],
    ]);
  });

  test('a trace can be read where the payload is encrypted; without an SDK nothing goes with a task', async () => {
    const world = open();
    const tracing = createTracing();
    const encryption = { keys: { k1: randomBytes(32) }, current: 'k1' };
    const goflow = world.client(tasks, { tracing, encryption });
    const silent = await goflow.push('echo', SECRET);
    expect((await goflow.inspector.get(silent))?.options).toEqual({});
    const spans = collectSpans();
    const told = await goflow.push('echo', SECRET);
    const keyless = world.client(tasks);
    const [push] = spans.named('push default');
    const { traceId = '', spanId = '' } = push?.spanContext() ?? {};
    expect(await keyless.inspector.get(told)).toMatchObject({
      options: { traceparent: `00-${traceId}-${spanId}-01` },
      payload: '(encrypted)',
    });
  });
});
