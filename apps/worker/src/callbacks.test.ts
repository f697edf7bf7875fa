import {
  compressJson,
  Emitter,
  GoflowError,
  type TaskFailure,
  toFailure,
  type Verdict,
  type WorkerEvents,
} from '@goflow/shared';
import { until } from '@goflow/testing';
import { expect, test, vi } from 'vitest';
import { type Callbacks, callBack, checkCallbacks } from './callbacks.js';
import { openLogger, takenTask } from './execution/rig.test-d.js';
import { loggedFailure } from './execution/task-fields.js';

const FAILURE: TaskFailure = { name: 'Error', message: 'why', code: 'HANDLER_FAILED' };
const FACTS = { id: 'default:1', type: 'a', queue: 'default', attempt: 2, runMs: 12 };

/** Emits a verdict as a worker does once it is recorded; gives what the callbacks were told, and the log. */
function finishing(callbacks: Callbacks) {
  const logger = openLogger();
  const events = new Emitter<WorkerEvents>(logger);
  callBack(events, checkCallbacks(callbacks), { logger });
  const finish = (verdict: Verdict): void =>
    events.emit('task:finished', { task: takenTask({ attempt: 2 }), verdict, runMs: 12 });
  return { finish, events, lines: logger.lines };
}

/** All three, each noting what it is told. */
function noting() {
  const told: unknown[] = [];
  const note = (name: string) => (facts: object) => void told.push({ name, ...facts });
  const callbacks = {
    onSuccess: note('success'),
    onRetry: note('retry'),
    onFailure: note('failure'),
  };
  return { told, ...finishing(callbacks) };
}

test.each([
  ['a result', '{"key":[1]}', { key: [1] }],
  ['null', 'null', null],
  ['0', '0', 0],
  ['nothing', undefined, undefined],
])(
  'a task that completed with %s is told with what the client gets',
  (_what, resultJson, result) => {
    const { told, finish } = noting();
    finish({ kind: 'completed', resultJson });
    expect(told).toStrictEqual([{ name: 'success', ...FACTS, result }]);
  },
);

test('a result that went to the store is told all the same', () => {
  const { told, finish } = noting();
  finish({ kind: 'completed', resultJson: '"large"', isStored: true });
  expect(told).toStrictEqual([{ name: 'success', ...FACTS, result: 'large' }]);
});

test.each([1_000, 1_000_000])(
  'a compressed result of %d bytes is told as it was returned',
  async (bytes) => {
    const result = { text: 'x'.repeat(bytes) };
    const { told, finish } = noting();
    finish({ kind: 'completed', resultJson: await compressJson(JSON.stringify(result), 256) });
    await until(() => told.length > 0, { what: 'the callback' });
    expect(told).toStrictEqual([{ name: 'success', ...FACTS, result }]);
  },
);

test('each callback has a result of its own: what one does to it the next does not see', () => {
  const results: { list: number[] }[] = [];
  const onSuccess = ({ result }: { result: unknown }) => {
    const own = result as { list: number[] };
    own.list.push(2);
    results.push(own);
  };
  const { finish } = finishing({ onSuccess });
  finish({ kind: 'completed', resultJson: '{"list":[1]}' });
  finish({ kind: 'completed', resultJson: '{"list":[1]}' });
  expect(results).toEqual([{ list: [1, 2] }, { list: [1, 2] }]);
});

test('an attempt that is tried again is a retry, with its failure and the wait', () => {
  const { told, finish } = noting();
  finish({ kind: 'retry', failure: FAILURE, delayMs: 70 });
  expect(told).toStrictEqual([{ name: 'retry', ...FACTS, failure: FAILURE, delayMs: 70 }]);
});

test.each(['failed', 'cancelled', 'expired'] as const)(
  'a task that %s is a failure, and says which',
  (kind) => {
    const { told, finish } = noting();
    finish({ kind, failure: FAILURE });
    expect(told).toStrictEqual([{ name: 'failure', ...FACTS, outcome: kind, failure: FAILURE }]);
  },
);

test('a task that is handed back has no outcome, and nobody is told', () => {
  const { told, finish } = noting();
  finish({ kind: 'handed-back', reason: 'stopping', delayMs: 0 });
  expect(told).toEqual([]);
});

test('a callback that is not given is not missed', () => {
  const onFailure = vi.fn();
  const { finish, lines } = finishing({ onFailure });
  finish({ kind: 'completed', resultJson: 'true' });
  finish({ kind: 'retry', failure: FAILURE, delayMs: 1 });
  finish({ kind: 'failed', failure: FAILURE });
  expect(onFailure).toHaveBeenCalledTimes(1);
  expect(lines).toEqual([]);
});

test('without callbacks nobody listens: a task costs nothing more', () => {
  const logger = openLogger();
  const events = new Emitter<WorkerEvents>(logger);
  const on = vi.spyOn(events, 'on');
  callBack(events, {}, { logger });
  expect(on).not.toHaveBeenCalled();
});

test.each(['onSuccess', 'onRetry', 'onFailure'] as const)(
  'what %s throws, at once or later, is logged, and the other listeners hear all the same',
  async (name) => {
    const verdicts: Readonly<Record<typeof name, Verdict>> = {
      onSuccess: { kind: 'completed', resultJson: '1' },
      onRetry: { kind: 'retry', failure: FAILURE, delayMs: 1 },
      onFailure: { kind: 'failed', failure: FAILURE },
    };
    const thrown = new GoflowError('PAYLOAD_INVALID', 'in a callback of mine');
    const heard = vi.fn();
    const ways: (() => unknown)[] = [
      () => {
        throw thrown;
      },
      () => Promise.reject(thrown),
    ];
    for (const callback of ways) {
      const { finish, events, lines } = finishing({ [name]: callback });
      events.on('task:finished', heard);
      finish(verdicts[name]);
      await vi.waitFor(() => expect(lines).toHaveLength(1));
      // Schemas may quote a payload, also that of a push in a callback.
      const failure = loggedFailure(toFailure(thrown));
      expect(lines).toMatchObject([
        { level: 'error', fields: { callback: name, failure }, message: 'a callback threw' },
      ]);
    }
    expect(heard).toHaveBeenCalledTimes(ways.length);
  },
);

test('a callback that never settles holds nobody up', () => {
  const onSuccess = vi.fn(() => new Promise(() => undefined));
  const { finish, lines } = finishing({ onSuccess });
  finish({ kind: 'completed', resultJson: '1' });
  finish({ kind: 'completed', resultJson: '2' });
  expect(onSuccess).toHaveBeenCalledTimes(2);
  expect(lines).toEqual([]);
});

test('a result that is no JSON is a trouble of the callback, not of the worker', () => {
  const onSuccess = vi.fn();
  const { finish, lines } = finishing({ onSuccess });
  finish({ kind: 'completed', resultJson: '{broken' });
  expect(onSuccess).not.toHaveBeenCalled();
  expect(lines).toMatchObject([{ level: 'error', fields: { callback: 'onSuccess' } }]);
});

test.each(['onSuccess', 'onRetry', 'onFailure'] as const)(
  '%s must be a function, if it is anything',
  (name) => {
    const given = () => 1;
    expect(checkCallbacks({ [name]: given })[name]).toBe(given);
    expect(checkCallbacks({ [name]: undefined })[name]).toBeUndefined();
    for (const wrong of [null, 1, 'log', {}, [given], Promise.resolve()])
      expect(() => checkCallbacks({ [name]: wrong as never })).toThrow(
        expect.objectContaining({
          code: 'OPTION_INVALID',
          message: expect.stringContaining(`Expected \`${name}\` to be a function`),
        }),
      );
  },
);
