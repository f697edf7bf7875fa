import type { JsonSchema } from './parts.js';

/** Keywords by what they hold; any other holds data, in which `$ref` means nothing. */
const OF_ONE = new Set([
  'items',
  'additionalItems',
  'additionalProperties',
  'unevaluatedItems',
  'unevaluatedProperties',
  'contains',
  'contentSchema',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
]);
const OF_SEVERAL = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const BY_NAME = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  '$defs',
  'definitions',
]);
/** They would make another place of it than the one that it gets. */
const LEFT_OUT = new Set(['$schema', '$id']);
const MAX_DEPTH = 100;

/**
 * A schema that refers to itself, made part of a larger document: its references lead to where it stands there.
 *
 * @param at such as `#/components/schemas/email.send.payload`
 * @throws RangeError for a reference that leads elsewhere, or nowhere, and for a schema that is too deep
 */
export function placedAt(at: string, schema: JsonSchema): JsonSchema {
  const place = (given: unknown, depth: number): unknown => {
    if (typeof given !== 'object' || given === null) return given;
    if (depth > MAX_DEPTH) throw new RangeError('too deep to be described');
    const placed = Object.entries(given)
      .filter(([keyword]) => !LEFT_OUT.has(keyword))
      .map(([keyword, value]) => [keyword, placeUnder(keyword, value, depth + 1)]);
    return Object.fromEntries(placed) as unknown;
  };
  const placeUnder = (keyword: string, value: unknown, depth: number): unknown => {
    if (keyword === '$ref') return `${at}${fragmentOf(value, schema)}`;
    if (keyword === '$dynamicRef') throw new RangeError('a reference that leads elsewhere');
    if (Array.isArray(value) && (OF_SEVERAL.has(keyword) || keyword === 'items'))
      return value.map((one) => place(one, depth));
    if (OF_ONE.has(keyword)) return place(value, depth);
    if (BY_NAME.has(keyword) && typeof value === 'object' && value !== null)
      return Object.fromEntries(
        Object.entries(value).map(([name, one]) => [name, place(one, depth)]),
      );
    return value;
  };
  return place(schema, 0) as JsonSchema;
}

/** What follows the `#`: a JSON pointer into the schema. */
function fragmentOf(given: unknown, schema: JsonSchema): string {
  if (given === '#') return '';
  if (typeof given !== 'string' || !given.startsWith('#/') || lookUp(schema, given) === undefined)
    throw new RangeError('a reference that leads elsewhere');
  return given.slice(1);
}

/** What a reference such as `#/$defs/node` leads to. */
export function lookUp(root: object, reference: string): unknown {
  let found: unknown = root;
  for (const escaped of reference.split('/').slice(1)) {
    const name = decodeURIComponent(escaped).replaceAll('~1', '/').replaceAll('~0', '~');
    const isThere = typeof found === 'object' && found !== null && Object.hasOwn(found, name);
    if (!isThere) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}
