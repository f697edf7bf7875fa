import { createFakeClock } from '@goflow/broker/memory';
import type { TakenTask, Verdict } from '@goflow/shared';
import { expect, test } from 'vitest';
import { takenTask } from './rig.test-d.js';
import { handBackMissing } from './routing.js';

const START = 1_800_000_000_000;
const HOUR = 3_600_000;

interface Known {
  /** How long ago a worker last said that it has the type. */
  readonly seenAgoMs?: number;
  readonly lookingSince?: () => number;
  readonly lastAdvertised?: () => Promise<number | undefined>;
}

/** Hands back a task that could have been taken for as long as `dueAgoMs`. */
function handBack(
  { dueAgoMs = 0, ...given }: Partial<TakenTask> & { dueAgoMs?: number },
  { seenAgoMs, ...known }: Known = {},
): Promise<Verdict> {
  const seenAt = seenAgoMs === undefined ? undefined : START - seenAgoMs;
  return handBackMissing(takenTask({ dueAt: START - dueAgoMs, ...given }), {
    clock: createFakeClock(START),
    unroutableAfterMs: HOUR,
    lookingSince: () => 0,
    lastAdvertised: async () => seenAt,
    ...known,
  });
}

const handedBack = (delayMs: number) => ({
  kind: 'handed-back',
  reason: 'handler-missing',
  delayMs,
});

test.each([
  [1, 1_000],
  [2, 2_000],
  [3, 4_000],
  [4, 8_000],
  [5, 16_000],
  [6, 30_000],
  [7, 30_000],
  [1_000_000, 30_000],
])('what nobody can run stays away longer each time: start %d, %d ms', async (starts, delayMs) => {
  expect(await handBack({ starts })).toEqual(handedBack(delayMs));
  expect(await handBack({ starts }, { seenAgoMs: 15_000 })).toEqual(handedBack(delayMs));
});

test('what another live worker can run is away for a moment only, however often it was here', async () => {
  const delays = new Set<number>();
  for (const starts of [1, 7, 1_000_000])
    for (const seenAgoMs of [0, 1, 14_999]) {
      const verdict = await handBack({ starts }, { seenAgoMs });
      expect(verdict).toMatchObject(handedBack(expect.any(Number) as never));
      if (verdict.kind === 'handed-back') delays.add(verdict.delayMs);
    }
  for (const delayMs of delays) {
    expect(Number.isInteger(delayMs)).toBe(true);
    expect(delayMs).toBeGreaterThanOrEqual(125);
    expect(delayMs).toBeLessThanOrEqual(375);
  }
  // Tasks that were handed back together do not come back together.
  expect(delays.size).toBeGreaterThan(1);
});

test('the other worker is asked for by the type of the task', async () => {
  const asked: string[] = [];
  const routing = {
    clock: createFakeClock(START),
    unroutableAfterMs: HOUR,
    lookingSince: () => 0,
    lastAdvertised: async (type: string) => void asked.push(type),
  };
  await handBackMissing(takenTask({ type: 'image.resize', dueAt: START }), routing as never);
  expect(asked).toEqual(['image.resize']);
});

test.each([
  ['nobody ever had the handler', { dueAgoMs: HOUR }, {}],
  ['nobody has had it for that long', { dueAgoMs: 9 * HOUR }, { seenAgoMs: HOUR }],
  ['the task was delayed for longer than that', { dueAgoMs: 0, pushedAt: START - 9 * HOUR }, {}],
  ['the task is not even due', { dueAgoMs: -HOUR }, {}],
  ['a worker’s clock is ahead', { dueAgoMs: 9 * HOUR }, { seenAgoMs: -60_000 }],
])('it is no dead letter for just unroutableAfter: %s', async (_what, task, known) => {
  expect(await handBack(task, known)).toMatchObject({ kind: 'handed-back' });
});

test.each([
  ['nobody ever had the handler', { dueAgoMs: HOUR + 1 }, {}],
  ['nobody has had it for longer', { dueAgoMs: 9 * HOUR }, { seenAgoMs: HOUR + 1 }],
])('after unroutableAfter it is a dead letter: %s', async (_what, task, known) => {
  expect(await handBack(task, known)).toMatchObject({
    kind: 'failed',
    failure: {
      code: 'HANDLER_MISSING',
      message: 'for 3600 s no live worker had a handler of a',
    },
  });
});

test('a name of 10 kB does not become a message of 10 kB', async () => {
  const verdict = await handBack({ type: 'x'.repeat(10_000), dueAgoMs: 2 * HOUR });
  if (verdict.kind !== 'failed') throw new Error('it is no dead letter');
  expect(verdict.failure.message.length).toBeLessThan(200);
});

test('when nobody can say who has the handler, the task waits, however old it is', async () => {
  const lastAdvertised = () => Promise.reject(new Error('the connection is closed'));
  for (const dueAgoMs of [0, HOUR + 1, 1_000 * HOUR])
    expect(await handBack({ dueAgoMs, starts: 3 }, { lastAdvertised })).toEqual(handedBack(4_000));
});

test('after a long outage of all, a worker looks for the others as long as it would have otherwise', async () => {
  const old = { dueAgoMs: 9 * HOUR };
  const since = (agoMs: number) => ({ seenAgoMs: 9 * HOUR, lookingSince: () => START - agoMs });
  expect(await handBack(old, since(HOUR - 1))).toMatchObject({ kind: 'handed-back' });
  expect(await handBack(old, since(HOUR + 1))).toMatchObject({ kind: 'failed' });
});
