import { createTracing } from '@goflow/sdk/tracing';
import { until } from '@goflow/testing';
import { trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { expect, test } from 'vitest';
import { onBothBrokersAndInChunks } from '../contract/worlds.js';
import { collectSpans } from './collected-spans.js';
import { handlers, idOf, outcomes, parentOf, SECRET, tasks } from './traced-tasks.js';

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
      'messaging.system.name': 'goflow',
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
      'messaging.system.name': 'goflow',
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
