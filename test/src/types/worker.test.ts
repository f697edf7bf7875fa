import { defineTasks } from '@goflow/sdk';
import {
  createWorker,
  defineHandler,
  defineHandlers,
  defineTasks as defineTasksOfWorker,
  HandlerRegistry,
  type TaskContext,
  type TaskId,
  type TaskLog,
  type Worker,
  type WorkerEvents,
} from '@goflow/worker';
import * as v from 'valibot';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';

const definitions = {
  repeater: { payload: z.string(), result: z.string() },
  'image.resize': {
    payload: z.object({ url: z.url(), width: z.number().default(640) }),
    result: z.object({ key: z.string(), bytes: z.string().transform(Number) }),
  },
  measure: { payload: v.pipe(v.string(), v.transform(Number)), result: v.nullable(v.number()) },
};

const tasks = defineTasks(definitions);
const resize = () => ({ key: 'k', bytes: '1' });

test('a handler receives the output of the payload schema and returns the input of the result schema', () => {
  const handlers = defineHandlers(tasks, {
    repeater: async (payload, ctx) => {
      expectTypeOf(payload).toEqualTypeOf<string>();
      expectTypeOf(ctx).toEqualTypeOf<TaskContext<'repeater'>>();
      return payload;
    },
    'image.resize': (payload, ctx) => {
      expectTypeOf(payload).toEqualTypeOf<{ url: string; width: number }>();
      expectTypeOf(payload).not.toBeAny();
      expectTypeOf(ctx.type).toEqualTypeOf<'image.resize'>();
      expectTypeOf(ctx.id).toEqualTypeOf<TaskId<'image.resize'>>();
      expectTypeOf(ctx.attempt).toEqualTypeOf<number>();
      expectTypeOf(ctx.signal).toEqualTypeOf<AbortSignal>();
      expectTypeOf(ctx.log).toEqualTypeOf<TaskLog>();
      return { key: payload.url, bytes: '1' };
    },
    measure: (payload) => {
      expectTypeOf(payload).toEqualTypeOf<number>();
      return payload > 1 ? payload : null;
    },
  });
  expectTypeOf(handlers).toEqualTypeOf<HandlerRegistry<(typeof tasks)['definitions']>>();
  expect(handlers.types).toEqual(['repeater', 'image.resize', 'measure']);
});

test('every type has a handler, and no other has', () => {
  const repeater = (payload: string) => payload;
  const measure = (payload: number) => payload;
  const mistakes = () => [
    // @ts-expect-error - two are missing
    defineHandlers(tasks, { repeater }),
    // @ts-expect-error - one is missing
    defineHandlers(tasks, { repeater, measure }),
    // @ts-expect-error - none
    defineHandlers(tasks, {}),
    // @ts-expect-error - one too many
    defineHandlers(tasks, { repeater, measure, 'image.resize': resize, 'image.crop': resize }),
    // @ts-expect-error - a misspelt one
    defineHandlers(tasks, { repeater, measure, 'image.rezise': resize }),
  ];
  expect(mistakes).toThrow();
});

test('a wrong handler does not compile', () => {
  const registry = new HandlerRegistry(tasks);
  const mistakes = () => [
    // @ts-expect-error - a wrong result
    registry.add('repeater', async () => 1),
    // @ts-expect-error - no result
    registry.add('repeater', async () => {}),
    // @ts-expect-error - the output of the result schema, not its input
    registry.add('image.resize', () => ({ key: 'k', bytes: 1 })),
    // @ts-expect-error - a field of the result is missing
    registry.add('image.resize', () => ({ key: 'k' })),
    // @ts-expect-error - the input of the payload schema, not its output
    registry.add('measure', (payload: string) => payload.length),
    // @ts-expect-error - the payload of another task
    registry.add('repeater', (payload: { url: string }) => payload.url),
    // @ts-expect-error - a context of another task
    registry.add('repeater', (payload, _ctx: TaskContext<'measure'>) => payload),
    // @ts-expect-error - no such type
    registry.add('repeatr', () => 'a'),
    // @ts-expect-error - no handler
    registry.add('repeater', 'handlers/repeater.js'),
    // @ts-expect-error - the type in the context is a literal
    registry.add('repeater', (_payload, ctx) => (ctx.type === 'measure' ? 'a' : 'b')),
    // @ts-expect-error - a field that the payload does not have
    registry.add('image.resize', (payload) => ({ key: payload.uri, bytes: '1' })),
    // @ts-expect-error - a wrong result, in a module of its own
    defineHandler(tasks, 'repeater', async () => 1),
    // @ts-expect-error - no such type, in a module of its own
    defineHandler(tasks, 'repeatr', async () => 'a'),
  ];
  expectTypeOf(mistakes).not.toBeAny();
});

test('a handler in a module of its own is typed by its contract', () => {
  defineHandler(tasks, 'image.resize', async (payload, ctx) => {
    expectTypeOf(payload).toEqualTypeOf<{ url: string; width: number }>();
    expectTypeOf(ctx.type).toEqualTypeOf<'image.resize'>();
    return resize();
  });
});

test('a handler may need less than it is given', () => {
  new HandlerRegistry(tasks)
    .add('repeater', () => 'a')
    .add('measure', async (payload: unknown) => Number(payload))
    .add('image.resize', ({ url }: { url: string }, { id }: TaskContext) => ({
      key: url + id,
      bytes: '1',
    }));
});

test('a worker takes the contracts of either door, and handlers for all of them', () => {
  const redis = 'redis://localhost';
  const handlers = { repeater: () => 'a', 'image.resize': resize, measure: () => null };
  const workers = () => [
    createWorker({ tasks, handlers, redis }),
    createWorker({ tasks: defineTasksOfWorker(definitions), handlers, redis }),
    createWorker({ tasks, handlers: defineHandlers(tasks, handlers), redis }),
    createWorker({ tasks, handlers: new HandlerRegistry(tasks), redis }),
    // @ts-expect-error - a handler is missing
    createWorker({ tasks, handlers: { repeater: () => 'a' }, redis }),
    // @ts-expect-error - a wrong result
    createWorker({ tasks, handlers: { ...handlers, measure: () => 'a' }, redis }),
    // @ts-expect-error - a misspelt option
    createWorker({ tasks, handlers, redis, concurency: 1 }),
  ];
  expectTypeOf(workers).returns.toEqualTypeOf<Worker[]>();
  // A worker may be given a broker instead, and so the compiler takes it.
  expect(() => createWorker({ tasks, handlers })).toThrow('Expected `redis` to be given');
});

test('a handler reports the input of the progress schema; where there is none, any JSON', () => {
  const reporting = defineTasks({
    counted: { ...definitions.repeater, progress: z.object({ done: z.coerce.string() }) },
    free: definitions.repeater,
  });
  const registry = () =>
    new HandlerRegistry(reporting)
      .add('counted', async (payload, ctx) => {
        expectTypeOf<Parameters<typeof ctx.progress>>().toEqualTypeOf<[{ done: unknown }]>();
        // @ts-expect-error - a field is missing
        await ctx.progress({});
        // @ts-expect-error - no object
        await ctx.progress(50);
        return payload;
      })
      .add('free', async (payload, ctx) => {
        expectTypeOf<Parameters<typeof ctx.progress>>().toEqualTypeOf<[unknown]>();
        return payload;
      });
  expectTypeOf(registry).not.toBeAny();
});

test('callbacks know their facts: onSuccess the result of each type, by its type', () => {
  const redis = 'redis://localhost';
  const handlers = { repeater: () => 'a', 'image.resize': resize, measure: () => null };
  const workers = () => [
    createWorker({
      tasks,
      handlers,
      redis,
      onSuccess: (facts) => {
        expectTypeOf(facts.type).toEqualTypeOf<'repeater' | 'image.resize' | 'measure'>();
        if (facts.type === 'repeater') expectTypeOf(facts.result).toEqualTypeOf<string>();
        if (facts.type === 'image.resize')
          expectTypeOf(facts.result).toEqualTypeOf<{ key: string; bytes: number }>();
        if (facts.type === 'measure') expectTypeOf(facts.result).toEqualTypeOf<number | null>();
      },
      onRetry: ({ delayMs, failure }) => {
        expectTypeOf(delayMs).toEqualTypeOf<number>();
        expectTypeOf(failure.code).toEqualTypeOf<string>();
      },
      onFailure: ({ outcome }) => {
        expectTypeOf(outcome).toEqualTypeOf<'failed' | 'cancelled' | 'expired'>();
      },
    }),
    // @ts-expect-error - no function
    createWorker({ tasks, handlers, redis, onRetry: 'log' }),
  ];
  expectTypeOf(workers).returns.toEqualTypeOf<Worker[]>();
});

test('listeners know their events', () => {
  const listen = (worker: Worker) =>
    worker
      .on('task:finished', ({ task, verdict, runMs }) => {
        expectTypeOf(task.attempt).toEqualTypeOf<number>();
        expectTypeOf(verdict.kind).toEqualTypeOf<
          'completed' | 'retry' | 'failed' | 'cancelled' | 'expired' | 'handed-back'
        >();
        expectTypeOf(runMs).toEqualTypeOf<number>();
      })
      // @ts-expect-error - no such event
      .on('task:done', () => undefined);
  expectTypeOf(listen).returns.toEqualTypeOf<Worker>();
  expectTypeOf<WorkerEvents['worker:started'][0]>().not.toBeAny();
});
