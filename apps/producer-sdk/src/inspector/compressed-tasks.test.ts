import { isDeepStrictEqual } from 'node:util';
import { compressJson, expandJson, isCompressed } from '@goflow/shared';
import { expect, test } from 'vitest';
import { openRig } from './rig.test-d.js';

/** As it lies in a queue. */
const found = async (value: unknown): Promise<unknown> =>
  JSON.parse(await compressJson(JSON.stringify(value), 256));

const PAYLOAD = { to: `ann${' '.repeat(500)}` };
const LARGE = { to: `bob${' '.repeat(500_000)}` };
/** Nothing that is compressed, though it looks like it. */
const OWN = { '~gz': { '~gz': 'of my own' } };
const GARBAGE = { '~gz': '12,what is this' };

test.each([
  ['small', PAYLOAD],
  ['large', LARGE],
  ['one’s own', OWN],
])('a task is shown with payload and result as they were given: %s', async (_what, value) => {
  const { broker, inspector } = openRig();
  const lying = { payload: await found(value), result: await found([value]) };
  const { payload, result } =
    (await inspector.get(broker.put(1, { state: 'completed', ...lying }))) ?? {};
  // Not `toEqual`: to show how texts of half a megabyte differ takes minutes.
  expect(isDeepStrictEqual([payload, result], [value, [value]])).toBe(true);
});

test('what cannot be expanded is shown as it lies there', async () => {
  const { broker, inspector } = openRig();
  const id = broker.put(1, { payload: GARBAGE, result: await found(PAYLOAD) });
  expect(await inspector.get(id)).toMatchObject({ payload: GARBAGE, result: PAYLOAD });
});

test('a text is found in what is compressed, and page after page', async () => {
  const { broker, inspector } = openRig();
  for (let number = 0; number < 60; number += 1)
    broker.put(number, { payload: await found(number % 3 ? LARGE : PAYLOAD) });
  broker.put(100, { payload: GARBAGE });
  const first = await inspector.list({ text: 'ann' }, undefined, 15);
  const second = await inspector.list({ text: 'ann' }, first.next, 15);
  expect([first.tasks.length, second.tasks.length]).toEqual([15, 5]);
  expect((await inspector.list({ text: 'what is this' })).tasks).toHaveLength(1);
});

test('a redrive compresses the payload that it puts in', async () => {
  const { broker, deadLetters } = openRig();
  await deadLetters.redrive(broker.put(1), { payload: PAYLOAD });
  const [redriven] = broker.redriven;
  const stored: unknown = JSON.parse(redriven?.json ?? '');
  expect(isCompressed(stored)).toBe(true);
  expect(await expandJson(stored)).toEqual(PAYLOAD);
});

test.each([undefined, 'of my own'])(
  'a payload to be edited is given as it was pushed, once expanded; found by %s',
  async (text) => {
    const { broker, deadLetters } = openRig();
    broker.put(1, { payload: await found(OWN) });
    const given: unknown[] = [];
    const payload = (one: unknown): unknown => {
      given.push(one);
      return { to: 'x' };
    };
    await deadLetters.redriveAll(text === undefined ? {} : { text }, { payload });
    expect(given).toEqual([OWN]);
  },
);
