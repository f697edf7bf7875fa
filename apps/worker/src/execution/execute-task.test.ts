import { createMemoryResultStore } from '@goflow/broker';
import { createFakeClock } from '@goflow/broker/memory';
import {
  defineTasks,
  ENVELOPE_VERSION,
  type Logger,
  type ResultStore,
  SILENT_LOGGER,
  type TakenTask,
  type Verdict,
} from '@goflow/shared';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { AnyHandler } from '../handlers/handler.js';
import { executeTask } from './execute-task.js';
import { ResultKeeper } from './keep-result.js';
import { takenTask } from './rig.test-d.js';

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

test.each([
  ['whose data is no JSON', { readable: false }],
  ['without a name', { type: '' }],
  ['whose name is no text', { type: 7 as unknown as string }],
])('a job %s fails at once, no attempt spent', async (_what, task) => {
  expect(await run(() => 1, { task })).toMatchObject({
    kind: 'failed',
    isUnspent: true,
    failure: { code: 'ENVELOPE_UNREADABLE' },
  });
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

test('a task without a handler here goes back though its time is over: who has the handler judges that', async () => {
  const verdict = await run(undefined, { task: { startBy: 1, deadline: 1 } });
  expect(verdict).toMatchObject({ kind: 'handed-back', reason: 'handler-missing' });
});

test.each([
  ['startBy', { kind: 'expired', failure: { code: 'TASK_EXPIRED' } }],
  ['deadline', { kind: 'failed', failure: { code: 'TASK_DEADLINE' } }],
])('a task taken after its %s is not run, and no attempt is spent', async (field, end) => {
  const handler = vi.fn();
  expect(await run(handler, { task: { [field]: START } })).toMatchObject({
    ...end,
    isUnspent: true,
  });
  expect(handler).not.toHaveBeenCalled();
  expect(await run(() => 1, { task: { [field]: START + 1 } })).toMatchObject({ kind: 'completed' });
});

test('with a result store the result goes there, and the larger limit is that of the store', async () => {
  const clock = createFakeClock(START);
  const store = createMemoryResultStore({ clock });
  const task = { id: 'default:a234567890123456789012' };
  const returned = 'x'.repeat(200);
  const verdict = await run(() => returned, { task, store });
  expect(verdict).toEqual({ kind: 'completed', resultJson: `"${returned}"`, isStored: true });
  expect(await store.get([task.id])).toEqual([`"${returned}"`]);
  expect(await run(() => 'x'.repeat(1_001), { task, store })).toMatchObject({
    kind: 'failed',
    failure: { code: 'RESULT_TOO_LARGE' },
  });
});

test('a result of nothing does not go to the store: it could not be told from one that is gone', async () => {
  const put = vi.fn();
  const store: ResultStore = { put, get: async () => [] };
  expect(await run(() => undefined, { store })).toEqual({
    kind: 'completed',
    resultJson: undefined,
  });
  expect(put).not.toHaveBeenCalled();
});

const START = 1_800_000_000_000;

interface RunOptions {
  readonly task?: Partial<TakenTask>;
  readonly definition?: object;
  readonly logger?: Logger;
  readonly store?: ResultStore;
}

function run(handler: AnyHandler | undefined, options: RunOptions = {}): Promise<Verdict> {
  const { logger = SILENT_LOGGER, store } = options;
  const definition = { payload: z.any(), result: z.any(), ...options.definition };
  const tasks = defineTasks({ a: definition });
  const clock = createFakeClock(START);
  return executeTask(takenTask({ dueAt: START, ...options.task }), {
    tasks: tasks as never,
    clock,
    handlerOf: () => handler,
    routing: {
      clock,
      unroutableAfterMs: 1_000,
      lookingSince: () => 0,
      lastAdvertised: async () => undefined,
    },
    logger,
    resultLimit: 100,
    compressAbove: Number.POSITIVE_INFINITY,
    cipher: undefined,
    envelopeVersion: ENVELOPE_VERSION,
    results: store && new ResultKeeper({ store, aboveBytes: 0, limitBytes: 1_000, clock, logger }),
    onAbandoned: () => undefined,
  });
}

function raise(thrown: unknown): never {
  throw thrown;
}
