import { expect, test } from 'vitest';
import { TokenRoles } from './tokens.js';

const roles = new TokenRoles([
  { role: 'control', tokens: ['the control token', 'the next control token'] },
  { role: 'read', tokens: ['the reading token'] },
]);

test.each([
  ['Bearer the control token', 'control'],
  ['bearer the control token', 'control'],
  ['Bearer the next control token', 'control'],
  ['Bearer the reading token', 'read'],
  ['Bearer the control toke', undefined],
  ['Bearer the control token ', undefined],
  ['Bearer THE CONTROL TOKEN', undefined],
  ['the control token', undefined],
  ['Basic the control token', undefined],
  ['Bearer ', undefined],
  ['Bearer', undefined],
  ['', undefined],
  ['Bearer undefined', undefined],
  [`Bearer ${'x'.repeat(8_000)}`, undefined],
])('%j is of the role %s', (authorization, role) => {
  expect(roles.roleOf(authorization)).toBe(role);
});

test('without tokens nobody has a role', () => {
  const nobody = new TokenRoles([{ role: 'control', tokens: [] }]);
  expect(nobody.areGiven).toBe(false);
  expect(nobody.roleOf('Bearer ')).toBeUndefined();
  expect(roles.areGiven).toBe(true);
});

test('every token is compared, and in constant time, whichever is shown', async () => {
  const { readFile } = await import('node:fs/promises');
  const source = await readFile(new URL('tokens.ts', import.meta.url), 'utf8');
  // The loop has no way out before its end, and no comparison but this one.
  const body = source.slice(source.indexOf('roleOf('), source.indexOf('const digest'));
  expect(body).toContain('timingSafeEqual(known, shown)');
  expect(body.match(/\breturn\b/g)).toHaveLength(1);
  expect(body).not.toMatch(/break|\.find|\.some|includes/);
});
