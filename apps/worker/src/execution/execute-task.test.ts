import {
  defineTasks,
  SILENT_LOGGER,
  type TakenTask,
  type TaskContract,
  type Verdict,
} from '@goflow/shared';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { AnyHandler, TaskContext } from '../handlers/handler.js';
import { executeTask } from './execute-task.js';

const LATER = 'later than the schema';

test('what a handler returns is the result, in JSON', async () => {
  expect(await run((payload) => ({ payload }))).toEqual({
    kind: 'completed',
    resultJson: '{"payload":"hi"}',
  });
});

test.each([
  ['null', null, 'null'],
  ['0', 0, '0'],
  ['false', false, 'false'],
  ['an empty string', '', '""'],
  ['nothing', undefined, undefined],
  ['a promise', Promise.resolve(1), '1'],
])('%s is a result', async (_what, returned, resultJson) => {
  expect(await run(() => returned)).toEqual({ kind: 'completed', resultJson });
});

test('the handler gets the output of the payload schema, the result schema gets what it returned', async () => {
  const definition = {
    payload: z.object({ width: z.coerce.number().default(640) }),
    result: z.number().transform((width) => `${width} px`),
  };
  const handler: AnyHandler = (payload) => (payload as { width: number }).width;
  const verdict = await run(handler, { task: { payload: {} }, definition });
  expect(verdict).toEqual({ kind: 'completed', resultJson: '"640 px"' });
});

test('schemas may take their time', async () => {
  const soon = z.string().transform(async (text) => `${text}!`);
  const definition = { payload: soon, result: soon };
  const verdict = await run((payload) => payload, { definition });
  expect(verdict).toEqual({ kind: 'completed', resultJson: '"hi!!"' });
});

test('the context tells of the task, and its log carries the id, the type and the attempt', async () => {
  const child = vi.fn(() => SILENT_LOGGER);
  const seen: TaskContext[] = [];
  const task = takenTask({ attempt: 2, starts: 5, pushedAt: 1_700_000_000_000 });
  await run(
    (_payload, ctx) => {
      seen.push(ctx);
      expect(ctx.log).toBe(ctx.log);
    },
    { task, definition: { maxAttempts: 7 }, logger: { ...SILENT_LOGGER, child } },
  );
  expect(seen[0]).toMatchObject({
    id: 'default:1',
    type: 'a',
    attempt: 2,
    starts: 5,
    maxAttempts: 7,
  });
  expect(seen[0]?.pushedAt).toEqual(new Date(1_700_000_000_000));
  expect(seen[0]?.signal).toBe(task.signal);
  expect(child.mock.calls).toEqual([[{ taskId: 'default:1', taskType: 'a', attempt: 2 }]]);
});

test('what a handler throws, at once or later, is an outcome', async () => {
  for (const handler of [() => raise('x'), async () => raise('x')]) {
    const verdict = await run(handler, { definition: { backoff: 70 } });
    expect(verdict).toMatchObject({ kind: 'retry', delayMs: 70, failure: { message: 'x' } });
  }
});

test('a payload that breaks the contract fails at once; the handler is not called', async () => {
  const handler = vi.fn();
  const definition = { payload: z.object({ size: z.number() }) };
  const verdict = await run(handler, { task: { payload: { size: 'big' } }, definition });
  expect(verdict).toMatchObject({ kind: 'failed', failure: { code: 'PAYLOAD_INVALID' } });
  expect(JSON.stringify(verdict)).toContain('payload of a: size: ');
  expect(handler).not.toHaveBeenCalled();
});

test.each([
  ['that the schema refuses', 5, 'RESULT_INVALID'],
  ['that JSON would change', { at: new Date(0) }, 'RESULT_NOT_SERIALIZABLE'],
  ['that JSON cannot write', { big: 1n }, 'RESULT_NOT_SERIALIZABLE'],
  ['that is too large', 'x'.repeat(101), 'RESULT_TOO_LARGE'],
])('a result %s fails at once', async (_what, returned, code) => {
  const definition = { result: z.any().refine((value) => value !== 5) };
  expect(await run(() => returned, { definition })).toMatchObject({
    kind: 'failed',
    failure: { code },
  });
});

test.each(['payload', 'result'] as const)(
  'a %s schema that refuses later, or throws, fails at once',
  async (part) => {
    const refusing = { [part]: z.any().refine(() => Promise.resolve(false), LATER) };
    const code = part === 'payload' ? 'PAYLOAD_INVALID' : 'RESULT_INVALID';
    expect(await run(() => 1, { definition: refusing })).toMatchObject({
      kind: 'failed',
      failure: { code },
    });
    const validate = (): never => raise(new TypeError('a bug in the schema'));
    const throwing = { [part]: { '~standard': { version: 1, vendor: 'test', validate } } };
    const failure = { code: 'INTERNAL', name: 'TypeError' };
    expect(await run(() => 1, { definition: throwing })).toMatchObject({ kind: 'failed', failure });
  },
);

test('an attempt that takes too long frees its slot, aborts the signal and is reported abandoned', async () => {
  const task = takenTask();
  const onAbandoned = vi.fn();
  const verdict = await run(() => new Promise(() => undefined), {
    task,
    definition: { timeout: '1ms', backoff: 70 },
    onAbandoned,
  });
  expect(verdict).toMatchObject({
    kind: 'retry',
    delayMs: 70,
    failure: { code: 'TASK_TIMEOUT', message: 'attempt 1 ran longer than 1 ms' },
  });
  expect(task.signal.reason).toMatchObject({ code: 'TASK_TIMEOUT' });
  expect(onAbandoned.mock.calls).toEqual([[task]]);
});

test('what an abandoned handler does later changes nothing', async () => {
  let late = (_error: Error): void => undefined;
  const handler = () => new Promise((_resolve, reject) => (late = reject));
  const verdict = await run(handler, { task: { attempt: 3 }, definition: { timeout: '1ms' } });
  expect(verdict).toMatchObject({ kind: 'failed', failure: { code: 'TASK_TIMEOUT' } });
  // Were it not dropped, it would be an unhandled rejection, and vitest fails the run for one.
  late(new Error('too late'));
});

test.each([
  ['has no handler here', { type: 'a' }],
  ['has no contract here', { type: 'unknown' }],
  ['is a name of every object', { type: 'toString' }],
])('a task whose type %s goes back, and stays away longer each time', async (_what, task) => {
  for (const [starts, delayMs] of [
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [5, 16_000],
    [6, 30_000],
    [100_000, 30_000],
  ]) {
    const verdict = await run(undefined, { task: { ...task, starts: starts ?? 0 } });
    expect(verdict).toEqual({ kind: 'handed-back', reason: 'handler-missing', delayMs });
  }
});

test.each([
  ['whose data is no JSON', { readable: false }],
  ['without a name', { type: '' }],
  ['whose name is no text', { type: 7 as unknown as string }],
])('a job %s fails at once', async (_what, task) => {
  expect(await run(() => 1, { task })).toMatchObject({
    kind: 'failed',
    failure: { code: 'ENVELOPE_UNREADABLE' },
  });
});

interface RunOptions {
  readonly task?: Partial<TakenTask>;
  readonly definition?: object;
  readonly onAbandoned?: (task: TakenTask) => void;
  readonly logger?: typeof SILENT_LOGGER;
}

function run(handler: AnyHandler | undefined, options: RunOptions = {}): Promise<Verdict> {
  const definition = { payload: z.any(), result: z.any(), ...options.definition };
  const tasks = defineTasks({ a: definition });
  const task = takenTask(options.task);
  return executeTask(task, {
    tasks: tasks as unknown as { contracts: ReadonlyMap<string, TaskContract> } as never,
    handlerOf: () => handler,
    logger: options.logger ?? SILENT_LOGGER,
    resultLimit: 100,
    onAbandoned: options.onAbandoned ?? (() => undefined),
  });
}

/** A task as a broker would give it. */
function takenTask(given: Partial<TakenTask> = {}): TakenTask {
  const controller = new AbortController();
  return {
    id: 'default:1',
    queue: 'default',
    type: 'a',
    payload: 'hi',
    readable: true,
    attempt: 1,
    starts: 1,
    maxAttempts: undefined,
    backoff: undefined,
    pushedAt: 0,
    dueAt: 0,
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    ...given,
  };
}

function raise(thrown: unknown): never {
  throw thrown;
}
