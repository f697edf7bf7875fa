import type { StandardSchemaV1 } from '@standard-schema/spec';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { GoflowError } from '../errors/goflow-error.js';
import { parse } from './parse.js';

const SECRET = 'canary-41b2';

/** The rules that a schema says a value breaks. */
function rulesOf(schema: StandardSchemaV1, value: unknown, redact?: string[][]) {
  try {
    parse(schema, value, { code: 'RESULT_INVALID', subject: 'result of a', redact });
  } catch (error) {
    const { issues } = (error as GoflowError).details as { issues: { rule?: string }[] };
    return issues.map(({ rule }) => rule);
  }
  throw new Error('it was not refused');
}

test.each<[StandardSchemaV1, unknown, string]>([
  [z.object({ a: z.number() }), { a: SECRET }, 'invalid_type: number'],
  [z.string().min(30), SECRET, 'too_small: 30'],
  [z.number().max(3), 7, 'too_big: 3'],
  [z.email(), SECRET, 'invalid_format: email'],
  [z.enum(['a', 'b']), SECRET, 'invalid_value'],
  [z.strictObject({}), { [SECRET]: SECRET }, 'unrecognized_keys'],
  [
    z.string().refine(() => false, { error: ({ input }) => `no ${String(input)}` }),
    SECRET,
    'custom',
  ],
  [v.object({ a: v.number() }), { a: SECRET }, 'number'],
  [v.pipe(v.string(), v.minLength(30)), SECRET, 'min_length: >=30'],
  [v.pipe(v.string(), v.email()), SECRET, 'email'],
  [v.union([v.number(), v.boolean()]), SECRET, 'union: (number | boolean)'],
])('%#: the rule is told without the value', (schema, value, rule) => {
  expect(rulesOf(schema, value)).toEqual([rule]);
});

const finds = (issue: object): StandardSchemaV1 => ({
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: () => ({ issues: [{ message: 'no', ...issue }] }),
  },
});

test.each<[object, string | undefined]>([
  [{}, undefined],
  [{ code: 7 }, undefined],
  [{ code: 'two words' }, undefined],
  [{ code: SECRET }, undefined],
  [{ code: 'custom', expected: `not ${SECRET}` }, 'custom'],
  [{ code: 'custom', expected: 'a\nb' }, 'custom'],
  [{ code: 'custom', expected: 'x'.repeat(61) }, 'custom'],
  [{ code: 'custom', expected: ['x'] }, 'custom'],
])('what a schema of its own kind says is told as far as it holds no value: %j', (issue, rule) => {
  expect(rulesOf(finds(issue), SECRET)).toEqual([rule]);
  expect(rulesOf(finds({ ...issue, path: ['a'] }), { a: [{ b: SECRET }] })).toEqual([rule]);
});

test('of a redacted field no rule is told', () => {
  const schema = z.object({ card: z.number(), n: z.number() });
  const rules = rulesOf(schema, { card: SECRET, n: SECRET }, [['card']]);
  expect(rules).toEqual([undefined, 'invalid_type: number']);
});
