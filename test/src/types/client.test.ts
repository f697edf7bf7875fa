import {
  createGoflow,
  defineTasks,
  type Goflow,
  type TaskFailure,
  type TaskId,
  type TaskResult,
  type TaskState,
} from '@goflow/sdk';
import * as v from 'valibot';
import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';

const tasks = defineTasks({
  repeater: { payload: z.string(), result: z.string() },
  'image.resize': {
    payload: z.object({ url: z.url(), width: z.number().default(640) }),
    result: z.object({ key: z.string(), bytes: z.string().transform(Number) }),
    queue: 'images',
  },
  measure: {
    payload: v.pipe(v.string(), v.transform(Number)),
    result: v.nullable(v.number()),
  },
});

/** Never called: what happens in it is for the compiler. */
const neverCalled = (_body: (goflow: Goflow<(typeof tasks)['definitions']>) => unknown): void => {};

const create = () => createGoflow({ tasks, redis: 'redis://localhost' });

test('a client knows its contracts', () => {
  expectTypeOf(create).returns.toEqualTypeOf<Goflow<(typeof tasks)['definitions']>>();
  expectTypeOf(create).returns.not.toBeAny();
});

test('push takes the input of the payload schema and gives an id of the type', () => {
  neverCalled(async (goflow) => {
    expectTypeOf(await goflow.push('repeater', 'a')).toEqualTypeOf<TaskId<'repeater'>>();
    expectTypeOf(await goflow.push('image.resize', { url: 'u' })).not.toBeAny();
    await goflow.push('image.resize', { url: 'u', width: 1 });
    await goflow.push('measure', '1', { delay: '10m', priority: 1, maxAttempts: 5, backoff: '1s' });
    expectTypeOf(await goflow.pushMany('measure', ['1'])).toEqualTypeOf<
      readonly TaskId<'measure'>[]
    >();
    await goflow.pushMany('repeater', ['a'] as const);
    await goflow.pushMany('repeater', ['a'], { chunk: 100, tags: ['eu'] });
    expectTypeOf(await goflow.pushMany('measure', ['1'], { chunk: 100 })).toEqualTypeOf<
      readonly TaskId<'measure'>[]
    >();
    goflow.map('repeater', ['a'], { chunk: 100, inFlight: 1_000, priority: 1 });
  });
});

test('a wrong push does not compile', () => {
  neverCalled((goflow) => [
    // @ts-expect-error - a misspelt type
    goflow.push('repeatr', 'a'),
    // @ts-expect-error - another type of payload
    goflow.push('repeater', 1),
    // @ts-expect-error - the payload of another task
    goflow.push('repeater', { url: 'u' }),
    // @ts-expect-error - the output of the schema, not its input
    goflow.push('measure', 1),
    // @ts-expect-error - a field is missing
    goflow.push('image.resize', { width: 1 }),
    // @ts-expect-error - a field too many
    goflow.push('image.resize', { url: 'u', height: 1 }),
    // @ts-expect-error - no payload
    goflow.push('repeater'),
    // @ts-expect-error - any string is not a type
    goflow.push('repeater' as string, 'a'),
    // @ts-expect-error - one payload, not many
    goflow.pushMany('repeater', 'a'),
    // @ts-expect-error - one of many is wrong
    goflow.pushMany('repeater', ['a', 1]),
    // @ts-expect-error - one push is no chunk
    goflow.push('repeater', 'a', { chunk: 2 }),
    // @ts-expect-error - the options of each, and a chunk of all
    goflow.pushMany('repeater', ['a'], () => ({ chunk: 2 })),
    // @ts-expect-error - no number
    goflow.pushMany('repeater', ['a'], { chunk: '2' }),
    // @ts-expect-error - an option of BullMQ's
    goflow.push('repeater', 'a', { jobId: 'a' }),
    // @ts-expect-error - no unit
    goflow.push('repeater', 'a', { delay: '10' }),
    // @ts-expect-error - which of the types is not said, so neither is its payload
    goflow.push('repeater' as 'repeater' | 'measure', { url: 'u' }),
  ]);
});

test('wait gives the output of the result schema', () => {
  neverCalled(async (goflow) => {
    const id = await goflow.push('image.resize', { url: 'u' });
    expectTypeOf(await goflow.wait(id)).toEqualTypeOf<{ key: string; bytes: number }>();
    expectTypeOf(await goflow.wait(id, { timeout: '5s' })).not.toBeAny();
    const text = await goflow.push('repeater', 'a');
    expectTypeOf(await goflow.wait(text)).toEqualTypeOf<string>();
    const measured = await goflow.push('measure', '1');
    expectTypeOf(await goflow.wait(measured)).toEqualTypeOf<number | null>();
    const [first] = await goflow.pushMany('repeater', ['a']);
    if (first !== undefined) expectTypeOf(await goflow.wait(first)).toEqualTypeOf<string>();
  });
});

test('getResult gives the output of the result schema', () => {
  neverCalled(async (goflow) => {
    const result = await goflow.getResult(await goflow.push('image.resize', { url: 'u' }));
    expectTypeOf(result).toEqualTypeOf<
      TaskResult<{ key: string; bytes: number }, 'image.resize'>
    >();
    if (result.status !== 'completed') return;
    expectTypeOf(result.value).toEqualTypeOf<{ key: string; bytes: number }>();
    expectTypeOf(result.value).not.toBeAny();
    expectTypeOf(result.type).toEqualTypeOf<'image.resize'>();
    expectTypeOf(result.id).toEqualTypeOf<TaskId<'image.resize'>>();
    expectTypeOf(result.pushedAt).toEqualTypeOf<Date>();
  });
});

test('an id that came as a string has an unknown value', () => {
  neverCalled(async (goflow) => {
    const id: string = 'default:x';
    const result = await goflow.getResult(id);
    expectTypeOf(result).toEqualTypeOf<TaskResult>();
    if (result.status === 'completed') {
      expectTypeOf(result.value).toBeUnknown();
      expectTypeOf(result.value).not.toBeAny();
    }
    expectTypeOf(await goflow.wait(id)).toBeUnknown();
    expectTypeOf(await goflow.status(id)).not.toBeAny();
  });
});

test('an id of a task type that this client does not know has an unknown value', () => {
  neverCalled(async (goflow) => {
    const id = 'default:x' as TaskId<'foreign'>;
    const result = await goflow.getResult(id);
    if (result.status === 'completed') expectTypeOf(result.value).toBeUnknown();
    expectTypeOf(await goflow.wait(id)).toBeUnknown();
  });
});

test('the id of one type is not the id of another', () => {
  const repeater: TaskId<'repeater'> = 'default:x';
  const ids = () => {
    // @ts-expect-error - another type
    const other: TaskId<'measure'> = repeater;
    const any: TaskId = repeater;
    const text: string = repeater;
    return [other, any, text];
  };
  expectTypeOf(ids).not.toBeAny();
  expectTypeOf<TaskId<'repeater'>>().not.toEqualTypeOf<TaskId<'measure'>>();
});

test('every status has its own facts, and there is none besides', () => {
  const tell = (result: TaskResult<number, 'measure'>): string => {
    switch (result.status) {
      case 'completed':
        expectTypeOf(result.value).toEqualTypeOf<number>();
        return 'value';
      case 'failed':
        expectTypeOf(result.failure).toEqualTypeOf<TaskFailure>();
        return result.failure.message;
      case 'cancelled':
      case 'expired':
      case 'waiting':
      case 'delayed':
      case 'active':
        expectTypeOf(result.attempts).toEqualTypeOf<number>();
        expectTypeOf(result).not.toHaveProperty('value');
        expectTypeOf(result).not.toHaveProperty('failure');
        return 'none';
      case 'unknown':
        expectTypeOf(result).toEqualTypeOf<{ readonly status: 'unknown'; readonly id: string }>();
        return result.id;
      default:
        expectTypeOf(result).toBeNever();
        return result;
    }
  };
  expectTypeOf(tell).returns.toEqualTypeOf<string>();
  expectTypeOf<TaskResult['status']>().toEqualTypeOf<TaskState | 'unknown'>();
});

test('a value cannot be had without looking at the status', () => {
  neverCalled(async (goflow) => {
    const result = await goflow.getResult(await goflow.push('repeater', 'a'));
    return [
      // @ts-expect-error - it may not be there
      result.value,
      // @ts-expect-error - it may not be there
      result.failure,
      // @ts-expect-error - no such status
      result.status === 'done',
    ];
  });
});

test('status carries the type, and a failure that may be there', () => {
  neverCalled(async (goflow) => {
    const status = await goflow.status(await goflow.push('repeater', 'a'));
    expectTypeOf(status.status).toEqualTypeOf<TaskState | 'unknown'>();
    if (status.status === 'unknown') return;
    expectTypeOf(status.type).toEqualTypeOf<'repeater'>();
    expectTypeOf(status.failure).toEqualTypeOf<TaskFailure | undefined>();
  });
});
