import { expect, test } from 'vitest';
import { SortedList } from './sorted-list.js';

interface Item {
  readonly rank: number;
}

const byRank = (a: Item, b: Item): number => a.rank - b.rank;
const listOf = (ranks: readonly number[]) => {
  const list = new SortedList<Item>(byRank);
  const items = ranks.map((rank) => ({ rank }));
  for (const item of items) list.add(item);
  return { list, items };
};
const backwards = (list: SortedList<Item>, key?: Item): number[] =>
  [...list.backwards(key)].map(({ rank }) => rank);

/** The same numbers on every run. */
function* chance(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    yield state / 2 ** 31;
  }
}

test('an empty list has nothing first and nothing to delete', () => {
  const { list } = listOf([]);
  expect(list.first).toBeUndefined();
  expect(list.delete({ rank: 1 })).toBe(false);
  expect(backwards(list)).toEqual([]);
  expect(backwards(list, { rank: 1 })).toEqual([]);
});

test('items come out in order, however they went in', () => {
  const { list } = listOf([3, 1, 2]);
  expect(list.first?.rank).toBe(1);
  expect(backwards(list)).toEqual([3, 2, 1]);
});

test('going backwards from a key leaves it out, and it need not be there', () => {
  const { list } = listOf([1, 2, 4]);
  expect(backwards(list, { rank: 4 })).toEqual([2, 1]);
  expect(backwards(list, { rank: 3 })).toEqual([2, 1]);
  expect(backwards(list, { rank: 1 })).toEqual([]);
  expect(backwards(list, { rank: 9 })).toEqual([4, 2, 1]);
});

test('another item of the same rank is not deleted', () => {
  const { list } = listOf([1]);
  expect(list.delete({ rank: 1 })).toBe(false);
  expect(list.size).toBe(1);
});

test.each(['upwards', 'downwards', 'by chance'])(
  'many items that came %s agree with a sorted array',
  (how) => {
    const random = chance(7);
    const drawn = Array.from({ length: 5_000 }, () => random.next().value as number);
    const ranks =
      how === 'by chance' ? drawn : drawn.map((_, at) => (how === 'upwards' ? at : -at));
    const { list, items } = listOf(ranks);
    const kept = items.filter((_, at) => at % 3 !== 0);
    for (const item of items) if (!kept.includes(item)) expect(list.delete(item)).toBe(true);
    const sorted = kept.map(({ rank }) => rank).sort((a, b) => b - a);
    expect(list.size).toBe(sorted.length);
    expect(list.first?.rank).toBe(sorted.at(-1));
    expect(backwards(list)).toEqual(sorted);
    const middle = sorted[1_000] ?? 0;
    expect(backwards(list, { rank: middle })).toEqual(sorted.slice(1_001));
  },
);

test('a list that was emptied can be filled again', () => {
  const { list, items } = listOf(Array.from({ length: 2_000 }, (_, at) => at));
  for (const item of items) list.delete(item);
  expect(list.size).toBe(0);
  expect(list.first).toBeUndefined();
  list.add({ rank: 5 });
  expect(backwards(list)).toEqual([5]);
});
