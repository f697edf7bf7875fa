import { createMemoryResultStore } from '@goflow/broker';
import { createFakeClock } from '@goflow/broker/memory';
import {
  compressJson,
  ENVELOPE_VERSION,
  expandJson,
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
import { contractOfA, takenTask } from './rig.test-d.js';

const START = 1_800_000_000_000;
const LIMIT = 1_000_000;
const ABOVE = 256;
/** Two kilobytes are compressed within the call, half a megabyte on another thread. */
const SMALL = 'small '.repeat(330);
const LARGE = 'large '.repeat(80_000);

test.each([
  ['within the call', SMALL],
  ['on another thread', LARGE],
])('a compressed payload reaches schema and handler as it was pushed: %s', async (_how, text) => {
  const definition = { payload: z.object({ text: z.string().transform((given) => given.length) }) };
  const task = { payload: await found({ text }) };
  const handler: AnyHandler = (payload) => payload;
  expect(await run(handler, { task, definition })).toEqual({
    kind: 'completed',
    resultJson: `{"text":${text.length}}`,
  });
});

test('a payload of somebody’s own that looks compressed reaches the handler unchanged', async () => {
  const own = { '~gz': '5,AAAA' };
  expect(await run((payload) => payload, { task: { payload: await found(own) } })).toEqual({
    kind: 'completed',
    // What comes out is told from what is compressed, too.
    resultJson: JSON.stringify({ '~gz': own }),
  });
});

test.each([
  ['garbage', { '~gz': 'what is this' }],
  ['what was cut off', { '~gz': '300000,7cEBAQAAAIKg' }],
  ['a bomb', { '~gz': '900000000,AwA=' }],
])('%s in place of a payload fails at once, no attempt spent', async (_what, payload) => {
  const handler = vi.fn();
  expect(await run(handler, { task: { payload } })).toMatchObject({
    kind: 'failed',
    isUnspent: true,
    failure: { code: 'ENVELOPE_UNREADABLE' },
  });
  expect(handler).not.toHaveBeenCalled();
});

test('a task that is aborted while its payload is expanded is not begun', async () => {
  const handler = vi.fn();
  const taken = takenTask({ payload: await found(LARGE) });
  const ended = run(handler, { taken });
  taken.abort('cancelled');
  expect(await ended).toEqual({ kind: 'handed-back', reason: 'stopping', delayMs: 0 });
  expect(handler).not.toHaveBeenCalled();
});

test('the time of an attempt begins when its payload is there', async () => {
  const clock = createFakeClock(START);
  const after = vi.spyOn(clock, 'after');
  const task = { payload: await found(LARGE) };
  const ended = run(() => after.mock.calls.length, { task, clock });
  expect(after).not.toHaveBeenCalled();
  expect(await ended).toEqual({ kind: 'completed', resultJson: '1' });
});

test.each([
  ['within the call', SMALL],
  ['on another thread', LARGE],
])('a result above the threshold is compressed: %s', async (_how, text) => {
  const resultJson = resultIn(await run(() => ({ text }), { compressAbove: ABOVE }));
  expect(resultJson.length).toBeLessThan(text.length / 10);
  expect(await expandJson(JSON.parse(resultJson))).toEqual({ text });
});

test('a result is not compressed below the threshold, nor without one', async () => {
  const json = JSON.stringify(SMALL);
  expect(resultIn(await run(() => SMALL, { compressAbove: json.length }))).toBe(json);
  expect(resultIn(await run(() => SMALL))).toBe(json);
});

test('the limit of results counts what they are, not what is stored', async () => {
  const returned = 'x'.repeat(LIMIT);
  expect(await run(() => returned, { compressAbove: ABOVE })).toMatchObject({
    kind: 'failed',
    failure: { code: 'RESULT_TOO_LARGE' },
  });
});

test('a result store keeps what is compressed; what is small enough then, stays with its task', async () => {
  const store = createMemoryResultStore({ clock: createFakeClock(START) });
  const options = { compressAbove: ABOVE, store, storeAbove: 1_000 };
  const small = await run(() => SMALL, options);
  expect(small).toEqual({ kind: 'completed', resultJson: expect.stringMatching(/^\{"~gz":/) });
  const large = await run(() => LARGE, options);
  expect(large).toMatchObject({ kind: 'completed', isStored: true });
  const [kept = ''] = await store.get([ID]);
  expect(kept).toBe(resultIn(large));
  expect(await expandJson(JSON.parse(kept))).toBe(LARGE);
});

const ID = 'default:a234567890123456789012';

/** What a worker finds in its queue for a payload. */
async function found(payload: unknown): Promise<unknown> {
  return JSON.parse(await compressJson(JSON.stringify(payload), ABOVE));
}

function resultIn(verdict: Verdict): string {
  if (verdict.kind === 'completed') return verdict.resultJson ?? '';
  throw new Error(`it did not complete: ${JSON.stringify(verdict)}`);
}

interface RunOptions {
  readonly task?: Partial<TakenTask>;
  /** Instead of `task`: the whole of it. */
  readonly taken?: TakenTask;
  readonly definition?: object;
  readonly compressAbove?: number;
  readonly store?: ResultStore;
  readonly storeAbove?: number;
  readonly clock?: ReturnType<typeof createFakeClock>;
}

function run(handler: AnyHandler, options: RunOptions = {}): Promise<Verdict> {
  const { compressAbove = Number.POSITIVE_INFINITY, store, storeAbove: aboveBytes = 0 } = options;
  const { clock = createFakeClock(START) } = options;
  const { taken = takenTask({ id: ID, dueAt: START, ...options.task }) } = options;
  const contract = contractOfA(options.definition);
  const limits = { limitBytes: LIMIT, aboveBytes, clock, logger: SILENT_LOGGER };
  return executeTask(taken, {
    tasks: { contracts: new Map([['a', contract]]), definitions: {} },
    clock,
    handlerOf: () => handler,
    routing: {
      clock,
      unroutableAfterMs: 1_000,
      lookingSince: () => 0,
      lastAdvertised: async () => undefined,
    },
    logger: SILENT_LOGGER,
    resultLimit: LIMIT,
    compressAbove,
    cipher: undefined,
    envelopeVersion: ENVELOPE_VERSION,
    results: store && new ResultKeeper({ store, ...limits }),
    onAbandoned: () => undefined,
  });
}
