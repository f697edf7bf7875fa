import type { StandardSchemaV1 } from '@standard-schema/spec';

/** A word of the schema's: `invalid_type` of zod, `min_length` of valibot. */
const WORD = /^[\w.-]{1,40}$/;
const MAX_EXPECTED = 60;

/** Where schemas say what they wanted: zod's come after the one that all have. */
const WANTED = ['expected', 'format', 'minimum', 'maximum', 'divisor'] as const;

/**
 * The rule that an issue says was broken, such as `invalid_type: number`, without what was given: messages may quote that. `undefined` where the
 * schema names none, for the standard has only a message.
 *
 * @param isGiven whether a text may show the value that was refused
 */
export function ruleOf(
  issue: StandardSchemaV1.Issue,
  isGiven: (text: string) => boolean,
): string | undefined {
  const told: { readonly [name: string]: unknown } = { ...issue };
  const word = told.code ?? told.type;
  if (typeof word !== 'string' || !WORD.test(word) || isGiven(word)) return undefined;
  const wanted = WANTED.map((name) => told[name]).find(isTold);
  const saysMore = wanted !== undefined && wanted !== word && !isGiven(String(wanted));
  return saysMore ? `${word}: ${wanted}` : word;
}

function isTold(value: unknown): value is string | number {
  if (typeof value === 'number') return true;
  return typeof value === 'string' && value.length <= MAX_EXPECTED && !/[\r\n]/.test(value);
}
