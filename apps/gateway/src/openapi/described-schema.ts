import type { StandardJSONSchemaV1 } from '@standard-schema/spec';
import type { JsonSchema } from './parts.js';
import { placedAt } from './placed-schema.js';

/** What a schema of a contract is to be described as. */
export interface SchemaPlace {
  /** What is pushed, or what is given back. */
  readonly side: 'input' | 'output';
  /** Where it will stand: `#/components/schemas/email.send.payload`. */
  readonly at: string;
}

/** OpenAPI 3.1 has the JSON Schema of this draft. */
const TARGET = 'draft-2020-12';
/** Of one schema; generators choke on more. */
const MAX_LENGTH = 65_536;
/** What zod and valibot call it: a field that JSON Schema cannot say is any JSON, and not the whole. */
const LENIENT = { unrepresentable: 'any', errorMode: 'ignore' };
const PARTLY = 'Parts of it cannot be said in JSON Schema, and are shown as any JSON.';
const ANY = 'Any JSON, as far as this description knows: the schema itself is checked by goflow.';

/**
 * Describes a schema of any library with Standard JSON Schema (zod; valibot with `toStandardJsonSchema`), any other as any JSON. Never throws.
 *
 * @returns JSON text
 */
export function describedSchema(schema: unknown, place: SchemaPlace): string {
  return (
    attempt(() => convert(schema, place)) ??
    attempt(() => convert(schema, place, LENIENT)) ??
    JSON.stringify({ description: ANY })
  );
}

/** @throws whatever the library throws for what it cannot say */
function convert(schema: unknown, { side, at }: SchemaPlace, libraryOptions?: object): string {
  const { '~standard': standard } = schema as StandardJSONSchemaV1;
  const made = standard.jsonSchema[side]({
    target: TARGET,
    ...(libraryOptions && { libraryOptions: { ...libraryOptions } }),
  });
  // Plain JSON from here on: no getters, no cycles.
  const plain = JSON.parse(JSON.stringify(made)) as JsonSchema;
  const note = libraryOptions && { description: [plain.description, PARTLY].join(' ').trim() };
  const json = JSON.stringify(placedAt(at, { ...plain, ...note }));
  if (json.length > MAX_LENGTH) throw new RangeError('too large to be described');
  return json;
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
