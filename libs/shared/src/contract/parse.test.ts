import type { StandardSchemaV1 } from '@standard-schema/spec';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { parse } from './parse.js';

const order = z.object({
  items: z.array(z.object({ price: z.number() })),
  name: z.string().default('nobody'),
});

const payload = { code: 'PAYLOAD_INVALID', subject: 'payload of order' } as const;
const parseOrder = (value: unknown) => parse(order, value, payload);

/** A schema that finds these issues in everything. */
const finds = (...issues: StandardSchemaV1.Issue[]): StandardSchemaV1 => ({
  '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) },
});

test('gives the output of a synchronous schema without waiting', () => {
  expect(parseOrder({ items: [{ price: 1 }], more: true })).toEqual({
    items: [{ price: 1 }],
    name: 'nobody',
  });
  expect(parse(v.pipe(v.string(), v.trim()), ' a ', payload)).toBe('a');
});

test('gives the output of an asynchronous schema', async () => {
  const known = z.string().refine((name) => Promise.resolve(name === 'ada'), 'nobody knows them');
  const ada = parse(known, 'ada', payload);
  expect(ada).toBeInstanceOf(Promise);
  expect(await ada).toBe('ada');
  await expect(
    parse(known, 'bob', { code: 'RESULT_INVALID', subject: 'result of greet' }),
  ).rejects.toMatchObject({
    code: 'RESULT_INVALID',
    message: 'result of greet: nobody knows them',
  });
});

test('names the field', () => {
  const wrong = () => parseOrder({ items: [{ price: 1 }, { price: '2' }] });
  expect(wrong).toThrow('payload of order: items[1].price: ');
  expect(wrong).toThrow(
    expect.objectContaining({
      code: 'PAYLOAD_INVALID',
      details: { issues: [{ path: 'items[1].price', message: expect.stringContaining('number') }] },
    }),
  );
});

test('the value itself has no path', () => {
  expect(() => parseOrder(7)).toThrow(/^payload of order: Invalid input/);
});

test.each([
  [undefined, ''],
  [[], ''],
  [['a', 'b', 0, 'c'], 'a.b[0].c'],
  [[0, 1], '[0][1]'],
  [[{ key: 'a' }, { key: 2 }], 'a[2]'],
  [['0'], '0'],
  [[Symbol('secret')], 'Symbol(secret)'],
])('writes the path %j as %j', (path, written) => {
  const schema = finds(path === undefined ? { message: 'no' } : { message: 'no', path });
  expect(() => parse(schema, 1, payload)).toThrow(
    expect.objectContaining({ details: { issues: [{ path: written, message: 'no' }] } }),
  );
});

test('shows three issues and counts the rest; details hold all', () => {
  const issues = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ message: 'no', path: [name] }));
  const wrong = () => parse(finds(...issues), 1, payload);
  expect(wrong).toThrow(/^payload of order: a: no; b: no; c: no, and 2 more$/);
  expect(wrong).toThrow(
    expect.objectContaining({
      details: { issues: expect.objectContaining({ length: 5 }) },
    }),
  );
});
