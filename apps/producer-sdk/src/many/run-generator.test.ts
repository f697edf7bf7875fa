import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Arrivals } from './arrivals.js';
import { type Run, runGenerator } from './run-generator.js';

interface Thing {
  readonly n: number;
}

/** A run whose things arrive when the test says so, and that counts what is done to it. */
class ByHand implements Run<Thing> {
  readonly arrivals = new Arrivals<Thing>();
  starts = 0;
  stops = 0;
  stopError: Error | undefined;

  start(): void {
    this.starts += 1;
  }

  take(): Promise<Thing | undefined> {
    return this.arrivals.take();
  }

  async stop(): Promise<void> {
    this.stops += 1;
    this.arrivals.end();
    if (this.stopError) throw this.stopError;
  }

  add(...numbers: number[]): void {
    for (const n of numbers) this.arrivals.add({ n });
  }
}

const END = { done: true, value: undefined };

async function read(generator: AsyncIterable<Thing>, seen: number[] = []): Promise<number[]> {
  for await (const { n } of generator) seen.push(n);
  return seen;
}

test('starts with the first next(), gives out what arrives in order, and stops at the end', async () => {
  const run = new ByHand();
  const generator = runGenerator(run);
  await nextTurn();
  expect(run.starts).toBe(0);
  const seen = read(generator);
  run.add(1, 2);
  await nextTurn();
  run.add(3, 4);
  run.add(5);
  run.arrivals.end();
  run.add(6);
  expect(await seen).toEqual([1, 2, 3, 4, 5]);
  expect([run.starts, run.stops > 0]).toEqual([1, true]);
});

test('an error comes after what had arrived, once, and then the end', async () => {
  const run = new ByHand();
  run.add(1);
  run.arrivals.end({ error: undefined });
  run.arrivals.end();
  const generator = runGenerator(run);
  expect(await generator.next()).toEqual({ done: false, value: { n: 1 } });
  await expect(generator.next()).rejects.toBe(undefined);
  expect(await generator.next()).toEqual(END);
});

test('a failure comes at once, also after the end', async () => {
  const run = new ByHand();
  run.add(1, 2, 3);
  const generator = runGenerator(run);
  await generator.next();
  run.arrivals.end();
  run.arrivals.fail(new Error('now'));
  await expect(generator.next()).rejects.toThrow('now');
});

test('two consumers share it: each thing goes to one, the end to both', async () => {
  const run = new ByHand();
  const generator = runGenerator(run);
  const both = [read(generator), read(generator)];
  for (const n of [1, 2, 3, 4]) {
    run.add(n);
    await nextTurn();
  }
  run.arrivals.end();
  const [one = [], other = []] = await Promise.all(both);
  expect([...one, ...other].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
  expect([one.length, other.length]).toEqual([2, 2]);
  expect(run.starts).toBe(1);
});

test('two consumers, one error: one of them gets it, the other sees the end', async () => {
  const run = new ByHand();
  const generator = runGenerator(run);
  const both = [read(generator), read(generator)];
  await nextTurn();
  run.arrivals.fail(new Error('broken'));
  const ends = await Promise.allSettled(both);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
});

test('two consumers, one leaves: the other sees the end', async () => {
  const run = new ByHand();
  const generator = runGenerator(run);
  const other = read(generator);
  await nextTurn();
  await generator.return();
  expect(await other).toEqual([]);
});

test('return() does not wait for the next() before it', async () => {
  const generator = runGenerator(new ByHand());
  const [first, second] = [generator.next(), generator.next()];
  await nextTurn();
  expect(await generator.return()).toEqual(END);
  expect([await first, await second]).toEqual([END, END]);
});

test('a stream made of it can be destroyed while it waits', async () => {
  const run = new ByHand();
  const stream = Readable.from(runGenerator(run));
  stream.read();
  await nextTurn();
  const closed = new Promise((resolve) => stream.once('close', resolve));
  stream.destroy();
  await closed;
  expect(run.stops).toBeGreaterThan(0);
});

test('throw() stops it and throws, whatever stopping says', async () => {
  const run = new ByHand();
  run.stopError = new Error('could not stop');
  const generator = runGenerator(run);
  run.add(1);
  await generator.next();
  await expect(generator.throw(new Error('mine'))).rejects.toThrow('mine');
  expect(run.stops).toBeGreaterThan(0);
  expect(await generator.next()).toEqual(END);
});

test.each([true, false])(
  'who leaves is told that stopping failed (while it waits: %s)',
  async (waits) => {
    const run = new ByHand();
    run.stopError = new Error('could not stop');
    const generator = runGenerator(run);
    if (!waits) run.add(1);
    const next = generator.next();
    await nextTurn();
    await expect(generator.return()).rejects.toThrow('could not stop');
    expect(await next).toEqual(waits ? END : { done: false, value: { n: 1 } });
  },
);

test('it can be disposed of, as `await using` does', async () => {
  const run = new ByHand();
  await runGenerator(run)[Symbol.asyncDispose]();
  expect([run.starts, run.stops]).toEqual([0, 1]);
});
