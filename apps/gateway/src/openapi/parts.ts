import type { SCHEMAS } from './schemas.js';

/** A JSON Schema, as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Where a shared schema stands. */
export const ref = (name: keyof typeof SCHEMAS): JsonSchema => ({
  $ref: `#/components/schemas/${name}`,
});

/** An answer of JSON. */
export const answer = (description: string, schema: JsonSchema): object => ({
  description,
  content: { 'application/json': { schema } },
});

/** A body of JSON. */
export const body = (schema: JsonSchema, { required = true } = {}): object => ({
  required,
  content: { 'application/json': { schema } },
});

/** A parameter after the `?`. */
export const inQuery = (name: string, schema: JsonSchema, description: string): object => ({
  name,
  in: 'query',
  description,
  schema,
});

/** A part of the path. */
export const inPath = (name: string, description: string, example?: string): object => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string' },
  ...(example === undefined ? {} : { example }),
});

/** An object without other fields than these; those that end with `?` may be missing. */
export function fields(given: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const names = Object.keys(given);
  return {
    type: 'object',
    required: names.filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(
      Object.entries(given).map(([name, schema]) => [name.replace(/\?$/, ''), schema]),
    ),
  };
}

/** The same, and in what is asked other fields are refused. */
export const onlyFields = (given: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  ...fields(given),
  additionalProperties: false,
});

export const TEXT: JsonSchema = { type: 'string' };
export const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
export const TIME: JsonSchema = { type: 'string', format: 'date-time' };
export const FLAG: JsonSchema = { type: 'boolean' };
export const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
export const mapOf = (values: JsonSchema): JsonSchema => ({
  type: 'object',
  additionalProperties: values,
});
/** With a sentence about it. */
export const told = (schema: JsonSchema, description: string): JsonSchema =>
  '$ref' in schema ? { allOf: [schema], description } : { ...schema, description };
