import { defineTasks, expandJson, isCompressed } from '@goflow/shared';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Seals } from './seal.js';

const tasks = defineTasks({
  plain: { payload: z.any(), result: z.any() },
  soon: { payload: z.any().refine(async () => true), result: z.any() },
});
const LIMIT = 200_000;
const SMALL = 'small '.repeat(300);
const LARGE = 'large '.repeat(20_000);

const sealsOf = (compressAbove: number): Seals =>
  new Seals(tasks as never, { payloadLimit: LIMIT, compressAbove });

test('a payload is JSON at once, and a promise of it only where it takes time', async () => {
  const seals = sealsOf(Number.POSITIVE_INFINITY);
  expect(seals.of('plain').json({ a: LARGE })).toBe(JSON.stringify({ a: LARGE }));
  const soon = seals.of('soon').json({ a: 1 });
  expect(soon).toBeInstanceOf(Promise);
  expect(await soon).toBe('{"a":1}');
});

test.each(['plain', 'soon'])('a payload of %s above the threshold is compressed', async (type) => {
  const seal = sealsOf(1_000).of(type);
  for (const payload of [SMALL, LARGE]) {
    const stored: unknown = JSON.parse(await seal.json(payload));
    expect(isCompressed(stored)).toBe(true);
    expect(await expandJson(stored)).toBe(payload);
  }
  expect(await seal.json('x')).toBe('"x"');
});

test('what is small enough is compressed within the call', () => {
  expect(sealsOf(1_000).of('plain').json(SMALL)).toMatch(/^\{"~gz":/);
});

test('the limit counts what the payload is, not what is stored', () => {
  expect(() => sealsOf(1_000).of('plain').json('x'.repeat(LIMIT))).toThrow(
    expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }),
  );
});
