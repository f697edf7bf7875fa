import type { ConcurrencyRule } from '@goflow/shared';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type ReadRules, RuleWatch } from './rule-watch.js';

const ruleOf = (concurrency: number): ConcurrencyRule => ({ concurrency, by: 'ada', at: 1 });

/** A watch whose questions are answered by the test. */
function open() {
  const [asked, told, reports]: [Answer[], unknown[], unknown[]] = [[], [], []];
  let [gap, heard, refusal]: [() => void, () => void, Error | undefined] = [none, none, undefined];
  const watch = new RuleWatch({
    read: () => new Promise((resolve, reject) => asked.push({ resolve, reject })),
    channel: 'p:rules',
    channels: {
      onGap: (listener) => {
        gap = listener;
      },
      listen: async (_channel, listener) => {
        if (refusal) throw refusal;
        heard = () => listener('');
      },
    },
    report: (error) => reports.push(error),
  });
  const answer = async (concurrency: number): Promise<void> => {
    await until(() => asked.length > 0, { what: 'a question', everyMs: 1 });
    asked.shift()?.resolve({ rules: [ruleOf(concurrency)], version: `${concurrency}` });
  };
  const refuse = (error: Error | undefined): void => {
    refusal = error;
  };
  const [hear, lose] = [() => heard(), () => gap()];
  const listener = (rules: readonly ConcurrencyRule[]): void => {
    told.push(rules[0]?.concurrency);
  };
  return { watch, asked, told, reports, answer, refuse, hear, lose, listener };
}

interface Answer {
  resolve(read: ReadRules): void;
  reject(error: Error): void;
}

const none = (): void => undefined;

test('ready() waits until the rules were told; without anybody who watches it waits for nothing', async () => {
  const { watch, answer, listener, told } = open();
  await watch.ready();
  await watch.look();
  watch.watch(listener);
  const ready = watch.ready().then(() => told.push('ready'));
  await answer(5);
  // What came with the subscription.
  await answer(5);
  await ready;
  expect(told).toEqual([5, 'ready']);
  watch.watch((rules) => told.push(rules.length));
  expect(told).toEqual([5, 'ready', 1]);
});

test('a message, a gap and a look ask again, one question at a time; what did not change is not told', async () => {
  const { watch, asked, told, answer, hear, lose, listener } = open();
  watch.watch(listener);
  await answer(1);
  await answer(1);
  await watch.ready();
  for (const again of [hear, lose, () => void watch.look(), () => void watch.look('other')]) {
    again();
    await until(() => asked.length > 0, { what: 'a question', everyMs: 1 });
    lose();
    expect(asked).toHaveLength(1);
    await answer(told.length + 1);
    // It may have changed after the question.
    await answer(told.length);
    await until(() => asked.length === 0, { what: 'no question', everyMs: 1 });
  }
  expect(told).toEqual([1, 2, 3, 4, 5]);
});

test('many messages are one question, after which a look at the version that was read asks nothing', async () => {
  const { watch, asked, told, answer, hear, listener } = open();
  watch.watch(listener);
  await answer(1);
  await answer(1);
  await watch.ready();
  for (let change = 0; change < 50; change += 1) hear();
  // A beat comes before the question.
  await watch.look('2');
  expect(asked).toHaveLength(0);
  await answer(2);
  await until(() => told.length === 2, { what: 'the change', everyMs: 1 });
  await watch.look('2');
  expect(asked).toHaveLength(0);
  const looking = watch.look('3');
  await answer(3);
  await looking;
  expect(told).toEqual([1, 2, 3]);
});

test('closed, it asks nothing any more, whatever it heard', async () => {
  const { watch, asked, answer, hear, listener } = open();
  watch.watch(listener);
  await answer(1);
  await answer(1);
  await watch.ready();
  const timers = vi.spyOn(globalThis, 'setTimeout');
  onTestFinished(() => void timers.mockRestore());
  hear();
  watch.close();
  hear();
  expect(timers).toHaveBeenCalledTimes(1);
  // The timer of the first message would have come before this one.
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(asked).toHaveLength(0);
});

test('what cannot be read is reported, and leaves those of before; a refused channel is asked for again', async () => {
  const { watch, asked, told, reports, answer, refuse, hear, listener } = open();
  const [noperm, down] = [new Error('NOPERM'), new Error('LOADING')];
  refuse(noperm);
  watch.watch(listener);
  asked.shift()?.reject(down);
  await watch.ready();
  expect(reports).toEqual(expect.arrayContaining([noperm, down]));
  refuse(undefined);
  const looking = watch.look();
  await answer(7);
  await answer(7);
  await looking;
  hear();
  await answer(8);
  await until(() => told.length === 2, { what: 'the change' });
  expect(told).toEqual([7, 8]);
});
