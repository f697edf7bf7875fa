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
      details: {
        issues: [
          {
            path: 'items[1].price',
            message: expect.stringContaining('number'),
            rule: 'invalid_type: number',
          },
        ],
      },
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

const SECRET = 'canary-91';

/** What is said of a value that a schema of valibot, which quotes what it refuses, does not want. */
function saidOf(schema: StandardSchemaV1, value: unknown, paths: readonly string[]): string {
  const redact = paths.map((path) => path.split('.'));
  try {
    parse(schema, value, { ...payload, redact });
  } catch (error) {
    return JSON.stringify([(error as Error).message, (error as { details: unknown }).details]);
  }
  throw new Error('nothing was refused');
}

test.each<[what: string, schema: StandardSchemaV1, value: unknown, redact: string[]]>([
  ['a field', v.object({ a: v.number() }), { a: SECRET }, ['a']],
  ['a field below', v.object({ a: v.object({ b: v.number() }) }), { a: { b: SECRET } }, ['a']],
  ['any field', v.object({ a: v.number() }), { a: SECRET }, ['*']],
  [
    'of an element',
    v.array(v.object({ a: v.array(v.object({ b: v.number() })) })),
    [{ a: [{ b: SECRET }] }],
    ['a.b'],
  ],
  ['an element', v.object({ a: v.array(v.number()) }), { a: [1, SECRET] }, ['a.*']],
  ['a key', v.record(v.pipe(v.string(), v.maxLength(2)), v.number()), { abc: SECRET }, ['abc']],
  ['the whole', v.object({ a: v.number() }), SECRET, ['*']],
  [
    'what a schema made of it',
    v.pipe(v.string(), v.parseJson(), v.object({ a: v.number() })),
    `{"a":"${SECRET}"}`,
    ['a'],
  ],
  [
    'what quotes it from above',
    v.pipe(
      v.any(),
      v.check(
        () => false,
        ({ input }) => `no ${JSON.stringify(input)}`,
      ),
    ),
    { a: [{ b: `"${SECRET}"` }] },
    ['a.b'],
  ],
  [
    'what quotes a cycle from above',
    finds({ message: `no ${SECRET}` }),
    (() => {
      const cycle: Record<string, unknown> = { b: SECRET };
      cycle.c = cycle;
      return { a: cycle };
    })(),
    ['a'],
  ],
])('says nothing of a value that is redacted: %s', (_what, ...[schema, value, redact]) => {
  expect(saidOf(schema, value, [])).toContain(SECRET);
  const said = saidOf(schema, value, redact);
  expect(said).toContain('Invalid value: [redacted]');
  expect(said).not.toContain(SECRET);
});

test('what is wrong with another field, or that one is missing, is said in full', () => {
  const schema = v.object({ a: v.string(), b: v.number(), c: v.object({ d: v.string() }) });
  const said = saidOf(schema, { b: 'x', c: {} }, ['a', 'c.d', 'b.e']);
  expect(said).not.toContain('[redacted]');
  expect(said).toContain('Expected \\"a\\" but received undefined');
  expect(said).toContain('Expected number but received \\"x\\"');
  const same = v.pipe(
    v.any(),
    v.check(() => false, 'they differ'),
  );
  expect(saidOf(same, { a: SECRET, b: '', c: null }, ['a', 'b', 'c'])).toContain('they differ');
});

test('says nothing of a redacted value where the schema is asynchronous', async () => {
  const refuse = v.checkAsync<string, string>(async () => false, `no ${SECRET}`);
  const schema = v.objectAsync({ a: v.pipeAsync(v.string(), refuse) });
  const said = parse(schema, { a: SECRET }, { ...payload, redact: [['a']] });
  await expect(said).rejects.toMatchObject({
    message: 'payload of order: a: Invalid value: [redacted]',
  });
});
