import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { neededRights } from './rights.js';

const page = readFileSync(new URL('../../../../../docs/redis.md', import.meta.url), 'utf8');

/** Always allowed, or for some only. */
const NOT_LOOKED_FOR = ['hello', 'auth', 'quit', 'client|setinfo', 'wait'];

const namesIn = (text: string): string[] =>
  [...text.matchAll(/\+([a-z]+(?:\|[a-z]+)?)/g)].map(([, name = '']) => name);

test('the rights that are looked for are those of docs/redis.md', () => {
  const rule = /```\n(user goflow[\s\S]*?)```/.exec(page)?.[1] ?? '';
  const listed = namesIn(rule).filter((name) => !NOT_LOOKED_FOR.includes(name));
  expect(listed.length).toBeGreaterThan(50);
  expect([...neededRights(false)].sort()).toEqual(listed.sort());
});

test('and in a Cluster those of its section', () => {
  const line = /^The rights of a user need (.*), too\./m.exec(page)?.[1] ?? '';
  const more = neededRights(true).filter((name) => !neededRights(false).includes(name));
  expect(more.sort()).toEqual(namesIn(line).sort());
});
