import { randomBytes } from 'node:crypto';
import { createTracing } from '@goflow/sdk/tracing';
import { until } from '@goflow/testing';
import { NonRetryableError } from '@goflow/worker';
import { context, createTraceState, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { onBothBrokers } from '../contract/worlds.js';
import { collectSpans } from './collected-spans.js';
import { handlers, idOf, outcomes, parentOf, SECRET, tasks } from './traced-tasks.js';

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
    const { traceId, spanId } = push?.spanContext() ?? {};
    expect(await keyless.inspector.get(told)).toMatchObject({
      options: { traceparent: `00-${traceId}-${spanId}-01` },
      payload: '(encrypted)',
    });
  });
});
