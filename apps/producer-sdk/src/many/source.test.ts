import { expect, test } from 'vitest';
import { Source } from './source.js';

/** An iterator made of steps, each a value, a promise, or a function that throws. */
function scripted(steps: readonly unknown[], left = { times: 0 }) {
  const next = () => {
    const step = steps[at];
    at += 1;
    return typeof step === 'function' ? step() : { value: step, done: at > steps.length };
  };
  let at = 0;
  const leave = () => {
    left.times += 1;
    return { value: undefined, done: true };
  };
  const items = { [Symbol.iterator]: () => ({ next, return: leave }) };
  return { source: new Source(items), left };
}

const broken = () => {
  throw new Error('broken');
};

test('reads strings, sets and generators, and what can be read both ways asynchronously', async () => {
  const both = {
    [Symbol.iterator]: broken,
    [Symbol.asyncIterator]: async function* () {
      yield 1;
    },
  };
  const items = [];
  for (const iterable of ['ab', new Set([0]), both]) {
    const source = new Source(iterable);
    for (let step = await source.next(); step; step = await source.next()) items.push(step.item);
  }
  expect(items).toEqual(['a', 'b', 0, 1]);
});

test('undefined is an item like any other', async () => {
  const { source } = scripted([undefined]);
  expect(await source.next()).toEqual({ item: undefined });
  expect(await source.next()).toBe(undefined);
});

test('a promise among the items is awaited, and one that rejects does not end the source', async () => {
  const { source, left } = scripted([Promise.resolve(1), Promise.reject(new Error('one item'))]);
  expect(await source.next()).toEqual({ item: 1 });
  await expect(source.next()).rejects.toThrow('one item');
  await source.close();
  expect(left.times).toBe(1);
});

test.each([
  ['ended', [], true],
  ['threw', [broken], true],
  ['answered with no object', [() => 5], true],
  ['was not opened', [], false],
])('what %s is not left', async (_what, steps, isRead) => {
  const { source, left } = scripted(steps);
  if (isRead) await source.next().catch(() => undefined);
  await source.close();
  expect(left.times).toBe(0);
});

test('is left once, however often it is closed', async () => {
  const { source, left } = scripted([0, 1]);
  await source.next();
  await Promise.all([source.close(), source.close()]);
  await source.close();
  expect(left.times).toBe(1);
});

test('closing waits for the clean-up of the source', async () => {
  let isClean = false;
  const source = new Source(
    (async function* () {
      try {
        yield 0;
      } finally {
        await Promise.resolve();
        isClean = true;
      }
    })(),
  );
  await source.next();
  await source.close();
  expect(isClean).toBe(true);
});

test('an iterator without return() can be closed', async () => {
  const source = new Source({ [Symbol.iterator]: () => ({ next: () => ({ value: 0 }) }) });
  await source.next();
  await source.close();
});
