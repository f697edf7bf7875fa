import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { aside } from './aside.js';

/** Work that ends when it is told to. */
function openWork() {
  const begun: number[] = [];
  const ends = new Map<number, End>();
  const work = (number: number) => (): Promise<number> => {
    begun.push(number);
    return new Promise((resolve, reject) => ends.set(number, { resolve, reject }));
  };
  return { begun, work, end: (number: number) => ends.get(number) };
}

interface End {
  readonly resolve: (value: number) => void;
  readonly reject: (error: unknown) => void;
}

test('two at once, the first come first; each gets its own answer', async () => {
  const { begun, work, end } = openWork();
  const answers = [1, 2, 3, 4, 5].map((number) => aside(work(number)));
  await nextTurn();
  expect(begun).toEqual([1, 2]);
  end(2)?.resolve(20);
  expect(await answers[1]).toBe(20);
  await nextTurn();
  expect(begun).toEqual([1, 2, 3]);
  // One that comes now is the last.
  answers.push(aside(work(6)));
  for (const number of [1, 3, 4, 5, 6]) {
    end(number)?.resolve(number * 10);
    expect(await answers[number - 1]).toBe(number * 10);
    await nextTurn();
  }
  expect(begun).toEqual([1, 2, 3, 4, 5, 6]);
});

test('work that fails, or throws at once, makes room for the next', async () => {
  const { begun, work, end } = openWork();
  const thrown = aside(() => {
    throw new Error('at once');
  });
  const answers = [1, 2, 3].map((number) => aside(work(number)));
  await expect(thrown).rejects.toThrow('at once');
  end(1)?.reject(new Error('later'));
  await expect(answers[0]).rejects.toThrow('later');
  await nextTurn();
  expect(begun).toEqual([1, 2, 3]);
  for (const number of [2, 3]) end(number)?.resolve(number);
  expect(await Promise.all(answers.slice(1))).toEqual([2, 3]);
});
