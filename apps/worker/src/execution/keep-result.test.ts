import { createMemoryResultStore } from '@goflow/broker';
import { createFakeClock, type FakeClock } from '@goflow/broker/memory';
import type { ResultStore, TakenTask, Verdict } from '@goflow/shared';
import { expect, test } from 'vitest';
import { ResultKeeper } from './keep-result.js';
import { openLogger, takenTask } from './rig.test-d.js';

const START = 1_800_000_000_000;
const ID = 'default:a234567890123456789012';
const RETENTION = { completedMs: 60_000, failedMs: 1 };

/** A store that does at each try what it is told, the last for ever; `at` tells when each came. */
function storeThat(clock: FakeClock, ...tries: (() => Promise<void>)[]) {
  const at: number[] = [];
  const store: ResultStore = {
    put: () => {
      at.push(clock.now() - START);
      return (tries[Math.min(at.length, tries.length) - 1] ?? refuse)();
    },
    get: async () => [],
  };
  return { store, at };
}

const keep = async (): Promise<void> => undefined;
const refuse = (): Promise<void> => Promise.reject(new Error('down'));
const hang = (): Promise<void> => new Promise(() => undefined);

interface Given {
  readonly clock?: FakeClock;
  readonly store: ResultStore;
  readonly aboveBytes?: number;
  readonly task?: Partial<TakenTask>;
  readonly resultJson?: string;
}

/** Keeps a result; the verdict stands in `verdicts` as soon as there is one. */
function keeping({ clock = createFakeClock(START), store, aboveBytes = 0, ...given }: Given) {
  const logger = openLogger();
  const keeper = new ResultKeeper({ store, aboveBytes, limitBytes: 1_000, clock, logger });
  const task = takenTask({ id: ID, ...given.task });
  const verdicts: Verdict[] = [];
  const { resultJson = '"x"' } = given;
  void keeper.keep(task, resultJson, RETENTION).then((verdict) => verdicts.push(verdict));
  return { clock, logger, verdicts, task };
}

test('a result is in the store before its task completes, for as long as the contract keeps it', async () => {
  const clock = createFakeClock(START);
  const store = createMemoryResultStore({ clock });
  const { verdicts } = keeping({ clock, store });
  await clock.advance(0);
  expect(verdicts).toEqual([{ kind: 'completed', resultJson: '"x"', isStored: true }]);
  await clock.advance(59_999);
  expect(await store.get([ID])).toEqual(['"x"']);
  await clock.advance(1);
  expect(await store.get([ID])).toEqual([undefined]);
});

test('the retention of the push goes before that of the contract', async () => {
  const clock = createFakeClock(START);
  const store = createMemoryResultStore({ clock });
  keeping({ clock, store, task: { retention: { completedMs: 5, failedMs: 9 } } });
  await clock.advance(4);
  expect(await store.get([ID])).toEqual(['"x"']);
  await clock.advance(1);
  expect(await store.get([ID])).toEqual([undefined]);
});

test('a result of few bytes stays with its task: bytes are counted, not characters', async () => {
  const clock = createFakeClock(START);
  const { store, at } = storeThat(clock, keep);
  for (const [resultJson, isStored] of [
    ['"12345678"', undefined],
    ['"123456789"', true],
    ['"1234567é"', true],
  ] as const) {
    const { verdicts } = keeping({ clock, store, aboveBytes: 10, resultJson });
    await clock.advance(0);
    const stored = isStored ? { isStored } : {};
    expect(verdicts).toEqual([{ kind: 'completed', resultJson, ...stored }]);
  }
  expect(at).toHaveLength(2);
});

test('a store that is down for a moment is asked again, after 0.1 s and after 0.4 s more', async () => {
  const clock = createFakeClock(START);
  const { store, at } = storeThat(clock, refuse, refuse, keep);
  const { verdicts, logger } = keeping({ clock, store });
  await clock.advance(10_000);
  expect(at).toEqual([0, 100, 500]);
  expect(verdicts).toMatchObject([{ kind: 'completed', isStored: true }]);
  expect(logger.lines).toMatchObject(
    [1, 2].map(() => ({
      level: 'warn',
      fields: { taskId: ID, failure: { message: 'down', code: 'RESULT_STORE_AWAY' } },
    })),
  );
  expect(clock.timers).toBe(0);
});

test.each([
  [1, 1_000],
  [2, 2_000],
  [3, 4_000],
  [7, 60_000],
  [1_000_000, 60_000],
])('down for good: start %d goes back for %d ms, no attempt spent', async (starts, delayMs) => {
  const clock = createFakeClock(START);
  const { store, at } = storeThat(clock, refuse);
  const { verdicts } = keeping({ clock, store, task: { starts } });
  await clock.advance(500);
  expect(at).toEqual([0, 100, 500]);
  expect(verdicts).toEqual([{ kind: 'handed-back', reason: 'store-away', delayMs }]);
  expect(clock.timers).toBe(0);
});

test('a store that hangs is one that is away: 5 s a try', async () => {
  const clock = createFakeClock(START);
  const { store, at } = storeThat(clock, hang);
  const { verdicts } = keeping({ clock, store });
  await clock.advance(15_499);
  expect(at).toEqual([0, 5_100, 10_500]);
  expect(verdicts).toEqual([]);
  await clock.advance(1);
  expect(verdicts).toMatchObject([{ kind: 'handed-back', reason: 'store-away' }]);
  expect(clock.timers).toBe(0);
});

test('a store that answers late, after a try was given up, does no harm', async () => {
  const clock = createFakeClock(START);
  let late = (_error: Error): void => undefined;
  const hangAndFail = () => new Promise<void>((_resolve, reject) => (late = reject));
  const { store } = storeThat(clock, hangAndFail, keep);
  const { verdicts } = keeping({ clock, store });
  await clock.advance(5_100);
  // Nobody caught: vitest would fail the run.
  late(new Error('too late'));
  await clock.advance(1);
  expect(verdicts).toMatchObject([{ kind: 'completed', isStored: true }]);
});

test('a store that throws at once is one that is away, and leaves no timer behind', async () => {
  const clock = createFakeClock(START);
  const raise = (): never => {
    throw new TypeError('a bug in the store');
  };
  const { store } = storeThat(clock, raise, raise, keep);
  const { verdicts } = keeping({ clock, store });
  await clock.advance(500);
  expect(verdicts).toMatchObject([{ kind: 'completed', isStored: true }]);
  expect(clock.timers).toBe(0);
});

test('a task that was aborted meanwhile is not tried to be kept again', async () => {
  const clock = createFakeClock(START);
  const { store, at } = storeThat(clock, refuse);
  const { task, verdicts } = keeping({ clock, store });
  task.abort(new Error('the worker leaves'));
  await clock.advance(1_000);
  expect(at).toEqual([0]);
  expect(verdicts).toMatchObject([{ kind: 'handed-back', reason: 'store-away' }]);
});
