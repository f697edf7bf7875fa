import { toStandardJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { describedSchema } from './described-schema.js';

const at = '#/components/schemas/a.payload';
const describe = (schema: unknown, side: 'input' | 'output' = 'input'): unknown =>
  JSON.parse(describedSchema(schema, { side, at }));
const ANY = { description: expect.stringMatching(/^Any JSON/) };

/** As a library would give it. */
const given = (json: unknown) => ({ '~standard': { jsonSchema: { input: () => json } } });

test('zod’s input and output differ', () => {
  const schema = z.object({ to: z.string(), times: z.number().default(1) });
  expect(describe(schema)).toMatchObject({
    type: 'object',
    required: ['to'],
    properties: { to: { type: 'string' }, times: { type: 'number' } },
  });
  expect(describe(schema, 'output')).toMatchObject({ required: ['to', 'times'] });
});

test('valibot’s is described with toStandardJsonSchema, and any JSON without', () => {
  const schema = v.object({ to: v.string() });
  expect(describe(toStandardJsonSchema(schema))).toEqual({
    type: 'object',
    properties: { to: { type: 'string' } },
    required: ['to'],
  });
  expect(describe(schema)).toEqual(ANY);
});

test('a field that JSON Schema cannot say is any JSON, and the others are as they are', () => {
  const described = {
    description: expect.stringContaining('cannot be said'),
    properties: { at: {}, to: { type: 'string' } },
  };
  expect(describe(z.object({ at: z.date(), to: z.string() }))).toMatchObject(described);
  const valibot = v.object({ at: v.date(), to: v.string() });
  expect(describe(toStandardJsonSchema(valibot))).toMatchObject(described);
});

test('a schema that refers to itself refers to where it stands', () => {
  const node = z.object({
    name: z.string(),
    get children() {
      return z.array(node);
    },
  });
  expect(describe(node)).toMatchObject({ properties: { children: { items: { $ref: at } } } });
  const shared = z.string().meta({ id: 'Shared' });
  expect(describe(z.object({ a: shared, b: shared }))).toMatchObject({
    properties: { a: { $ref: `${at}/$defs/Shared` } },
    $defs: { Shared: { type: 'string' } },
  });
});

test('what only looks like a reference is data', () => {
  const schema = {
    properties: { $ref: { type: 'string' } },
    default: { $ref: '#' },
    enum: [{ $ref: 'x' }],
  };
  expect(describe(given(schema))).toEqual(schema);
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['no schema', 'a string'],
  ['no Standard Schema', {}],
  ['no JSON Schema', { '~standard': {} }],
  ['what is no JSON', given({ const: 1n })],
  ['no object', given(undefined)],
  ['a cycle', given(cycle())],
  ['a depth without end', given(deep(5_000))],
  ['more than can be used', given({ enum: [`${'x'.repeat(70_000)}`] })],
  ['a reference elsewhere', given({ $ref: 'https://example.com/schema' })],
  ['a reference to nowhere', given({ $ref: '#/$defs/missing' })],
  ['an anchor', given({ $ref: '#anchor' })],
])('%s is any JSON', (_what, schema) => {
  expect(describe(schema)).toEqual(ANY);
});

function cycle(): object {
  const schema: Record<string, unknown> = { type: 'object' };
  schema.items = schema;
  return schema;
}

function deep(levels: number): object {
  let schema: object = { type: 'string' };
  for (let level = 0; level < levels; level += 1) schema = { items: schema };
  return schema;
}
