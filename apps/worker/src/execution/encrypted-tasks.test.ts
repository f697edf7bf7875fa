import { createHash, randomBytes } from 'node:crypto';
import {
  Cipher,
  type CipherPlace,
  compressJson,
  decryptFailure,
  decryptJson,
  encryptJson,
  GoflowError,
  isEncrypted,
  SILENT_LOGGER,
  type TakenTask,
  type TaskOutcome,
  type Verdict,
} from '@goflow/shared';
import { expect, test } from 'vitest';
import type { AnyHandler } from '../handlers/handler.js';
import { type ExecutionDeps, executeTask } from './execute-task.js';
import { contractOfA, type Taken, takenTask } from './rig.test-d.js';

const cipherOf = (options: Partial<ConstructorParameters<typeof Cipher>[0]> = {}): Cipher =>
  new Cipher({
    keys: new Map([['k', createHash('sha256').update('key').digest()]]),
    current: 'k',
    required: false,
    ...options,
  });
const cipher = cipherOf();
const TASK = { type: 'a', id: 'default:1' };
const PAYLOAD: CipherPlace = { ...TASK, kind: 'payload' };

const sealed = (value: unknown, place: CipherPlace = PAYLOAD): Partial<TakenTask> => ({
  payload: JSON.parse(encryptJson(JSON.stringify(value), place, cipher)),
  envelopeVersion: 2,
});

const echo: AnyHandler = async (payload) => payload;

function run(
  given: Partial<TakenTask>,
  deps: Partial<ExecutionDeps> & { readonly handler?: AnyHandler } = {},
): Promise<Verdict> & { readonly task: Taken } {
  const { handler = echo, ...rest } = deps;
  const contract = contractOfA({ maxAttempts: 2, backoff: 0 });
  const clock = { now: () => 0, after: () => undefined, cancel: () => undefined };
  const task = takenTask(given);
  const verdict = executeTask(task, {
    tasks: { contracts: new Map([['a', contract]]) } as never,
    clock,
    handlerOf: () => handler,
    routing: { clock, lastAdvertised: async () => 0, lookingSince: () => 0, unroutableAfterMs: 1 },
    logger: SILENT_LOGGER,
    resultLimit: 1_000,
    compressAbove: Number.POSITIVE_INFINITY,
    cipher,
    envelopeVersion: 2,
    results: undefined,
    onAbandoned: () => undefined,
    ...rest,
  });
  return Object.assign(verdict, { task });
}

const resultOf = (verdict: Verdict): unknown =>
  JSON.parse((verdict as Extract<TaskOutcome, { kind: 'completed' }>).resultJson ?? '');

test('a payload is decrypted, a result encrypted for its task', async () => {
  const seen: unknown[] = [];
  const handler: AnyHandler = async (payload) => {
    seen.push(payload);
    return { result: 1 };
  };
  const stored = resultOf(await run(sealed({ secret: 1 }), { handler }));
  expect(seen).toEqual([{ secret: 1 }]);
  expect(isEncrypted(stored)).toBe(true);
  expect(decryptJson(stored, { ...TASK, kind: 'result' }, cipher)).toEqual({ result: 1 });
});

test('a payload that was compressed first is expanded', async () => {
  const long = 'long '.repeat(100);
  const json = await compressJson(JSON.stringify(long), 256);
  const payload: unknown = JSON.parse(encryptJson(json, PAYLOAD, cipher));
  const stored = resultOf(await run({ payload, envelopeVersion: 2 }));
  expect(decryptJson(stored, { ...TASK, kind: 'result' }, cipher)).toBe(long);
});

test('a handler that returns nothing stores nothing', async () => {
  const verdict = await run(sealed('x'), { handler: async () => undefined });
  expect(verdict).toEqual({ kind: 'completed', resultJson: undefined });
});

test.each([
  ['tried again', 1, 'retry'],
  ['the last one', 2, 'failed'],
])('a failure is encrypted: %s', async (_what, attempt, kind) => {
  const handler: AnyHandler = async () => {
    throw Object.assign(new TypeError('canary'), { code: 'E', details: { canary: 1 } });
  };
  const verdict = await run({ ...sealed('x'), attempt }, { handler });
  const { failure } = verdict as Extract<TaskOutcome, { kind: 'failed' }>;
  expect(JSON.stringify(verdict)).not.toContain('canary');
  expect(verdict).toMatchObject({ kind, failure: { name: 'TypeError', code: 'E' } });
  expect(decryptFailure(failure, TASK, cipher)).toMatchObject({
    message: 'canary',
    details: { canary: 1 },
  });
});

test('progress and log lines are encrypted', async () => {
  const { task, ...rest } = run(sealed('x'), {
    handler: async (_payload, ctx) => {
      ctx.log.info({ canary: 1 }, 'canary');
      await (ctx.progress as (value: unknown) => Promise<void>)({ canary: 1 });
    },
  });
  await Promise.resolve(rest);
  await new Promise((resolve) => setImmediate(resolve));
  expect(task.news.flatMap(({ log }) => log ?? [])).toMatchObject([{ message: '(encrypted)' }]);
  const progress = task.news.map(({ progressJson }) => progressJson).find((json) => json);
  expect(decryptJson(JSON.parse(progress ?? ''), { ...TASK, kind: 'progress' }, cipher)).toEqual({
    canary: 1,
  });
  expect(JSON.stringify(task.news)).not.toContain('canary');
});

test.each<[string, Cipher | undefined]>([
  ['no keys at all', undefined],
  ['other keys', cipherOf({ keys: new Map([['o', randomBytes(32)]]), current: 'o' })],
])('without the key it is handed back, later and later: %s', async (_what, without) => {
  const waits: number[] = [];
  for (const starts of [1, 2, 10, 1_000]) {
    const verdict = await run({ ...sealed('x'), starts }, { cipher: without });
    expect(verdict).toMatchObject({ kind: 'handed-back', reason: 'key-missing' });
    waits.push((verdict as { delayMs: number }).delayMs);
  }
  expect(waits[0]).toBeLessThan(400);
  expect(waits[1]).toBeGreaterThanOrEqual(234);
  expect(waits[2]).toBeGreaterThan(1_300);
  expect(waits[3]).toBeLessThanOrEqual(30_000);
  expect(waits[3]).toBeGreaterThan(20_000);
});

test('another key of the same id, and a payload of another task, are no reason to wait', async () => {
  const other = cipherOf({ keys: new Map([['k', randomBytes(32)]]) });
  const verdicts = [
    await run(sealed('x'), { cipher: other }),
    await run(sealed('x', { ...PAYLOAD, id: 'default:2' })),
    await run(sealed('x', { ...PAYLOAD, kind: 'result' })),
  ];
  for (const verdict of verdicts)
    expect(verdict).toMatchObject({
      kind: 'failed',
      isUnspent: true,
      failure: { code: 'ENVELOPE_UNREADABLE' },
    });
});

test('in an envelope of version 1 nothing is decrypted', async () => {
  const { payload } = sealed('x');
  const stored = resultOf(await run({ payload }, { cipher: undefined }));
  // Escaped, as it looks encrypted and is not.
  expect(stored).toEqual({ '~enc': payload });
});

const REQUIRED = cipherOf({ required: true });

test.each<[string, Partial<TakenTask>]>([
  ['plain', { payload: 'plain' }],
  ['plain, of version 2', { payload: 'plain', envelopeVersion: 2 }],
  ['escaped', { payload: { '~enc': { '~enc': 1 } }, envelopeVersion: 2 }],
  ['encrypted, it says, of version 1', { payload: sealed('x').payload }],
  ['compressed', { payload: { '~gz': '3,a' } }],
])('where it is required, what is not encrypted is refused: %s', async (_what, given) => {
  expect(await run(given, { cipher: REQUIRED })).toMatchObject({
    kind: 'failed',
    isUnspent: true,
    failure: { code: 'ENVELOPE_UNREADABLE', message: expect.not.stringContaining('(encrypted)') },
  });
  expect(await run(sealed('x'), { cipher: REQUIRED })).toMatchObject({ kind: 'completed' });
});

test('why an envelope was refused is in the clear; what a handler throws with the same code is not', async () => {
  expect(await run({ payload: 'plain' }, { cipher: REQUIRED })).toMatchObject({
    failure: { message: 'the payload is not encrypted, and must be here' },
  });
  const handler: AnyHandler = async () => {
    throw new GoflowError('ENVELOPE_UNREADABLE', 'canary');
  };
  const verdict = await run({ ...sealed('x'), attempt: 2 }, { handler });
  expect(verdict).toMatchObject({ kind: 'failed', failure: { message: '(encrypted)' } });
  expect(JSON.stringify(verdict)).not.toContain('canary');
});

test.each<[string, Partial<TakenTask>]>([
  ['one like any other', { payload: 'x' }],
  ['unreadable', { readable: false, payload: undefined }],
  ['of an unknown type', { type: 'b' }],
  ['past its deadline', { deadline: -1 }],
])('a newer envelope is handed back before anything is made of it: %s', async (_what, given) => {
  expect(await run({ ...given, envelopeVersion: 3 })).toMatchObject({
    kind: 'handed-back',
    reason: 'envelope-newer',
  });
  expect(
    await run({ ...sealed('x'), ...given, envelopeVersion: 2 }, { envelopeVersion: 1 }),
  ).toMatchObject({
    reason: 'envelope-newer',
  });
});
