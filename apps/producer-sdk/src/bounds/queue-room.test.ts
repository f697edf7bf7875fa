import { GoflowError } from '@goflow/shared';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { QueueRoom } from './queue-room.js';

const never = (): boolean => false;
const ONE = { least: 1, most: 1 };

function roomOf(maxDepth: number) {
  const state = { depth: 0, asked: 0 };
  const count = async (): Promise<number> => {
    state.asked += 1;
    return state.depth;
  };
  return { room: new QueueRoom({ queue: 'default', maxDepth, count }), state };
}

test('one question serves all that come within 250 ms', async () => {
  const { room, state } = roomOf(1_000);
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: 500 }, () => room.enter(ONE, never)));
  for (let at = 0; at < 500; at += 1) await room.enter(ONE, never);
  const periods = Math.ceil((performance.now() - startedAt) / 250);
  expect(state.asked).toBeLessThanOrEqual(periods);
  expect(state.asked).toBeGreaterThan(0);
});

test('what is under way while it asks is counted, whether the answer holds it or not', async () => {
  const { room, state } = roomOf(10);
  expect(await room.enter({ least: 1, most: 6 }, never)).toBe(6);
  // Not one of the six has reached the queue when it is asked again.
  await until(
    async () => {
      await room.enter({ least: 100, most: 100 }, never).catch(() => undefined);
      return state.asked === 2;
    },
    { what: 'a second question' },
  );
  expect(await room.enter({ least: 1, most: 20 }, never)).toBe(4);
  await expect(room.enter(ONE, never)).rejects.toMatchObject({
    code: 'QUEUE_FULL',
    details: { queue: 'default', depth: 10, maxDepth: 10 },
  });
});

test('room that was given back is there again, room that was used is not until the next question', async () => {
  const { room } = roomOf(10);
  expect(await room.enter({ least: 1, most: 10 }, never)).toBe(10);
  room.giveBack(4);
  room.leave(6);
  expect(await room.enter({ least: 1, most: 10 }, never)).toBe(4);
});

test('waits until there is room, and no longer than it may', async () => {
  const { room, state } = roomOf(2);
  state.depth = 2;
  const entering = room.enter(ONE, () => true);
  await until(() => state.asked === 2, { what: 'a second look' });
  state.depth = 1;
  expect(await entering).toBe(1);
  let patience = 2;
  const mayWait = (): boolean => {
    patience -= 1;
    return patience >= 0;
  };
  await expect(room.enter({ least: 2, most: 2 }, mayWait)).rejects.toMatchObject({
    code: 'QUEUE_FULL',
  });
  expect(patience).toBe(-1);
});

test('what could never fit does not wait', async () => {
  const { room } = roomOf(2);
  await expect(room.enter({ least: 3, most: 3 }, () => true)).rejects.toMatchObject({
    code: 'QUEUE_FULL',
  });
});

test('when nobody answers, nothing was sent; the next push asks again', async () => {
  let isAway = true;
  const count = async (): Promise<number> => {
    if (isAway)
      throw new GoflowError('BROKER_UNAVAILABLE', 'away', { details: { afterMs: 5, sent: true } });
    return 0;
  };
  const room = new QueueRoom({ queue: 'default', maxDepth: 1, count });
  const pushed: string[] = [];
  const push = async (): Promise<string> => String(pushed.push('one'));
  await expect(room.within(1, never, push)).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
    details: { afterMs: 5, sent: false },
  });
  expect(pushed).toEqual([]);
  isAway = false;
  expect(await room.within(1, never, push)).toBe('1');
});

test('pushes go on by the last answer while the next one takes its time, as long as there is room by it', async () => {
  const answers = [Promise.resolve(0)];
  let asked = 0;
  const count = (): Promise<number> => {
    asked += 1;
    return answers[asked - 1] ?? Promise.resolve(0);
  };
  let answer: (depth: number) => void = () => undefined;
  answers.push(
    new Promise((resolve) => {
      answer = resolve;
    }),
  );
  const room = new QueueRoom({ queue: 'default', maxDepth: 1_000_000, count });
  let pushed = 0;
  const push = async (): Promise<boolean> => {
    pushed += await room.enter(ONE, never);
    room.leave(1);
    return asked === 2;
  };
  await until(push, { what: 'a second question' });
  // It is not answered yet.
  await push();
  expect(await room.enter({ least: 1, most: 2_000_000 }, never)).toBe(1_000_000 - pushed);
  const entering = room.enter(ONE, never);
  // Some of others are there, too. Whether those that came since it was asked are in the answer is not known.
  answer(pushed + 7);
  expect(await entering.catch((error: unknown) => error)).toMatchObject({ code: 'QUEUE_FULL' });
  room.giveBack(1_000_000 - pushed);
  expect(await room.enter({ least: 1, most: 2_000_000 }, never)).toBe(1_000_000 - pushed - 7 - 2);
  expect(asked).toBe(2);
});

test('an answer that fails while pushes go on is told to the next of them', async () => {
  let asked = 0;
  const count = async (): Promise<number> => {
    asked += 1;
    if (asked === 2) throw new GoflowError('BROKER_UNAVAILABLE', 'away');
    return 0;
  };
  const room = new QueueRoom({ queue: 'default', maxDepth: 1_000_000, count });
  await until(async () => (await room.enter(ONE, never)) === 1 && asked === 2, {
    what: 'no answer',
  });
  expect(await room.enter(ONE, never)).toBe(1);
  expect(asked).toBe(3);
});
