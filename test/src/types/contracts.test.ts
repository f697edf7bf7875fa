import { defineTasks, type PayloadInput, type ResultOutput, type Tasks } from '@goflow/sdk';
import type { Handler } from '@goflow/worker';
import * as v from 'valibot';
import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';

/** The same contract twice, with everything that makes input and output differ: a default and transforms. */
const zod = {
  payload: z.object({
    width: z.number().default(10),
    tags: z.string().transform((text) => text.split(',')),
  }),
  result: z.object({ size: z.string().transform(Number), note: z.string().optional() }),
};

const valibot = {
  payload: v.object({
    width: v.optional(v.number(), 10),
    tags: v.pipe(
      v.string(),
      v.transform((text) => text.split(',')),
    ),
  }),
  result: v.object({
    size: v.pipe(v.string(), v.transform(Number)),
    note: v.optional(v.string()),
  }),
};

test('zod: what goes in is the input, what comes out is the output', () => {
  expectTypeOf<PayloadInput<typeof zod>>().toEqualTypeOf<{
    width?: number | undefined;
    tags: string;
  }>();
  expectTypeOf<Parameters<Handler<typeof zod>>[0]>().toEqualTypeOf<{
    width: number;
    tags: string[];
  }>();
  expectTypeOf<Awaited<ReturnType<Handler<typeof zod>>>>().toEqualTypeOf<{
    size: string;
    note?: string | undefined;
  }>();
  expectTypeOf<ResultOutput<typeof zod>>().toEqualTypeOf<{
    size: number;
    note?: string | undefined;
  }>();
});

test('valibot: the same', () => {
  expectTypeOf<PayloadInput<typeof valibot>>().toEqualTypeOf<{
    width?: number | undefined;
    tags: string;
  }>();
  expectTypeOf<Parameters<Handler<typeof valibot>>[0]>().toEqualTypeOf<{
    width: number;
    tags: string[];
  }>();
  expectTypeOf<Awaited<ReturnType<Handler<typeof valibot>>>>().toEqualTypeOf<{
    size: string;
    note?: string | undefined;
  }>();
  expectTypeOf<ResultOutput<typeof valibot>>().toEqualTypeOf<{
    size: number;
    note?: string | undefined;
  }>();
});

test('a payload of one field, of a union, and of nothing', () => {
  const text = { payload: z.string(), result: z.null() };
  const union = {
    payload: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('a'), a: z.number() }),
      z.object({ kind: z.literal('b') }),
    ]),
    result: z.void(),
  };
  expectTypeOf<PayloadInput<typeof text>>().toEqualTypeOf<string>();
  expectTypeOf<ResultOutput<typeof text>>().toEqualTypeOf<null>();
  expectTypeOf<PayloadInput<typeof union>>().toEqualTypeOf<
    { kind: 'a'; a: number } | { kind: 'b' }
  >();
  expectTypeOf<ResultOutput<typeof union>>().toEqualTypeOf<void>();
});

test('defineTasks keeps every name and every schema', () => {
  const tasks = defineTasks({ zod, 'with.valibot': valibot });
  type Definitions = typeof tasks extends Tasks<infer D> ? D : never;
  expectTypeOf<keyof Definitions>().toEqualTypeOf<'zod' | 'with.valibot'>();
  expectTypeOf<Definitions['zod']['payload']>().toEqualTypeOf<typeof zod.payload>();
  expectTypeOf<Definitions['with.valibot']['result']>().toEqualTypeOf<typeof valibot.result>();
  expectTypeOf(tasks).not.toBeAny();
});

test('a definition with a mistake does not compile', () => {
  const mistakes = () => [
    // @ts-expect-error - no schemas
    defineTasks({ a: {} }),
    // @ts-expect-error - no result
    defineTasks({ a: { payload: z.string() } }),
    // @ts-expect-error - a type is no schema
    defineTasks({ a: { ...zod, payload: 'string' } }),
    // @ts-expect-error - a misspelt option
    defineTasks({ a: { ...zod, maxAttempt: 3 } }),
    // @ts-expect-error - no unit
    defineTasks({ a: { ...zod, timeout: '30' } }),
    // @ts-expect-error - no such unit
    defineTasks({ a: { ...zod, timeout: '30 seconds' } }),
    // @ts-expect-error - no such backoff
    defineTasks({ a: { ...zod, backoff: { type: 'linear', delay: '1s' } } }),
    // @ts-expect-error - retention is told for each outcome
    defineTasks({ a: { ...zod, retention: '1h' } }),
  ];
  expectTypeOf(mistakes).not.toBeAny();
});
