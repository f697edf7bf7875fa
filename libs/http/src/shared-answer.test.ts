import { expect, test } from 'vitest';
import { shareAnswer } from './shared-answer.js';

test('all who ask within a second share one answer, also one that is not there yet', async () => {
  let now = 5_000;
  let made = 0;
  let give: (value: string) => void = () => undefined;
  const ask = shareAnswer(
    () => {
      made += 1;
      return new Promise<string>((resolve) => (give = resolve));
    },
    () => now,
  );
  const first = [ask(), ask()];
  now = 5_500;
  first.push(ask());
  expect(made).toBe(1);
  give('one');
  expect(await Promise.all(first)).toEqual(['one', 'one', 'one']);
  now = 5_999;
  expect(await ask()).toBe('one');
  now = 6_000;
  const second = ask();
  give('two');
  expect([await second, made]).toEqual(['two', 2]);
});

test('what hangs is asked again after a second, and so is what failed', async () => {
  let now = 0;
  let made = 0;
  const ask = shareAnswer(
    () => {
      made += 1;
      if (made === 1) return new Promise<number>(() => undefined);
      return made === 2 ? Promise.reject(new Error('away')) : Promise.resolve(made);
    },
    () => now,
  );
  void ask();
  now = 1_000;
  await expect(ask()).rejects.toThrow('away');
  await expect(ask()).rejects.toThrow('away');
  now = 2_000;
  expect(await ask()).toBe(3);
});
