import { expect, test } from 'vitest';
import { NextAsked } from './next-asked.js';

test('with no completion on its way there is nothing to wait for', async () => {
  const next = new NextAsked();
  expect(await next.isEmpty()).toBe(false);
  next.ask();
  next.answer(true);
  expect(await next.isEmpty()).toBe(false);
});

test.each([true, false])(
  'all who wait are told what the next completion is told: %s',
  async (isEmpty) => {
    const next = new NextAsked();
    next.ask();
    next.ask();
    const both = Promise.all([next.isEmpty(), next.isEmpty()]);
    next.answer(isEmpty);
    expect(await both).toEqual([isEmpty, isEmpty]);
  },
);
