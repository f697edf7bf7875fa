import { fileURLToPath } from 'node:url';
import { defineTasks } from '@goflow/sdk';
import { type ChildProgram, startProgram, until } from '@goflow/testing';
import { SpanKind } from '@opentelemetry/api';
import { expect, onTestFinished, test } from 'vitest';
import { newPlace, type Place } from '../support/redis.js';
import { openClient } from '../support/system.js';

const PROGRAM = fileURLToPath(new URL('traced-program.mjs', import.meta.url));

/** What a program prints of a span. */
interface Printed {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  readonly parent?: string;
  readonly traceId: string;
  readonly spanId: string;
}

function start(role: string, { redis, prefix }: Place): ChildProgram {
  const program = startProgram(PROGRAM, [role, redis, prefix]);
  onTestFinished(() => program[Symbol.asyncDispose]());
  return program;
}

const spansOf = ({ stdout }: ChildProgram): Printed[] =>
  [...stdout.matchAll(/^span (.*)$/gm)].map(([, json = '']) => JSON.parse(json) as Printed);

test('from push to attempts to the push of a child and its attempt, over three processes, all is one trace', async () => {
  const place = newPlace();
  const workers = ['order', 'parcel'].map((role) => start(role, place));
  await Promise.all(workers.map((worker) => worker.line(/^started$/)));
  const client = start('push', place);
  await client.exited;
  const goflow = openClient(defineTasks({}), place);
  await until(async () => (await goflow.counts('parcels')).completed === 1, {
    what: 'the parcel is packed',
  });
  await Promise.all(workers.map((worker) => worker.stop()));
  const spans = [client, ...workers].flatMap(spansOf);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(tree(spans)).toEqual([
    'checkout',
    '  push orders (order)',
    '    process orders (order) attempt 1: retry HANDLER_FAILED',
    '    process orders (order) attempt 2: completed',
    '      pack',
    '        push parcels (parcel)',
    '          process parcels (parcel) attempt 1: completed',
  ]);
  expect(spans.find(({ name }) => name === 'push orders')?.kind).toBe(SpanKind.PRODUCER);
  expect(spans.find(({ name }) => name === 'process parcels')).toMatchObject({
    kind: SpanKind.CONSUMER,
    attributes: { 'messaging.client.id': 'of-parcel' },
  });
});

/** The spans as lines, those of one parent by their attempt. */
function tree(spans: readonly Printed[], parent?: string, depth = 0): string[] {
  return spans
    .filter((span) => span.parent === parent)
    .sort((a, b) => attemptOf(a) - attemptOf(b))
    .flatMap((span) => [
      `${'  '.repeat(depth)}${textOf(span)}`,
      ...tree(spans, span.spanId, depth + 1),
    ]);
}

const attemptOf = ({ attributes }: Printed): number => Number(attributes['goflow.task.attempt']);

function textOf({ name, attributes }: Printed): string {
  const type = attributes['goflow.task.type'];
  const attempt = attributes['goflow.task.attempt'];
  return [
    name,
    type && `(${type})`,
    attempt && `attempt ${attempt}:`,
    attributes['goflow.task.outcome'],
    attributes['error.type'],
  ]
    .filter((word) => word !== undefined)
    .join(' ');
}
