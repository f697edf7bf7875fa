import type { PageQuestion } from '@goflow/shared';
import { expect, test } from 'vitest';
import { decodeCursor, encodeCursor, type PagePosition } from './page-cursor.js';

const asked = { queue: 'default', state: 'completed', tag: 'eu' } as const;
const text = (parts: unknown): string => Buffer.from(JSON.stringify(parts)).toString('base64url');

test.each<PagePosition>([
  { place: 0, at: undefined, below: 0 },
  { place: 1, at: ['1753000000000', 'A-_a:{}é'], below: 0 },
  { place: 1, at: ['1.5e+20', ''], below: 0 },
  { place: 1, at: [5, 9, 'a', 'b', ''], below: 0 },
  { place: 1, at: ['1753000000000', 'A-_a:{}é'], below: 999 },
  { place: 1, at: [5, 9, 'a', 'b', ''], below: 1 },
])('a position survives as a short text that fits into a URL: %j', (position) => {
  const cursor = encodeCursor(asked, position);
  expect(cursor).toMatch(/^[A-Za-z0-9_-]{20,120}$/);
  expect(decodeCursor(cursor, asked)).toEqual(position);
});

test.each<[cursor: unknown, what: string]>([
  ['', 'empty'],
  ['x', 'no JSON'],
  [7, 'no text'],
  [null, 'nothing'],
  ['A'.repeat(100_000), 'too long'],
  [text({}), 'no list'],
  [text([2, 'default', 'completed', 'eu', 0]), 'another version'],
  [text([1, 'default', 'completed', 'eu']), 'without a place'],
  [text([1, 'default', 'completed', 'eu', -1]), 'a place below zero'],
  [text([1, 'default', 'completed', 'eu', 0.5]), 'half a place'],
  [text([1, 'default', 'completed', 'eu', 0, 'DROP', 'a']), 'no score'],
  [text([1, 'default', 'completed', 'eu', 0, 5, 'a']), 'a score that is no text'],
  [text([1, 'default', 'completed', 'eu', 0, '5', 6]), 'a member that is no text'],
  [text([1, 'default', 'completed', 'eu', 0, '5']), 'half a position'],
  [text([1, 'default', 'completed', 'eu', 0, 5, -1, 'a', 'b', 'c']), 'a length below zero'],
  [text([1, 'default', 'completed', 'eu', 0, 5, 6, 'a', 'b', 7]), 'an entry that is no text'],
  [text([1, 'default', 'completed', 'eu', 0, 1e300, 6, 'a', 'b', 'c']), 'a number too large'],
  [text([1, 'default', 'completed', 'eu', 0, '5', 'a', -1]), 'an index below zero'],
  [text([1, 'default', 'completed', 'eu', 0, '5', 'a', 1_000]), 'an index that no chunk has'],
  [text([1, 'default', 'completed', 'eu', 0, '5', 'a', '1']), 'an index that is no number'],
  [text([1, 'default', 'completed', 'eu', 0, 5, 6, 'a', 'b', 'c', null]), 'no index'],
  [text([1, 'default', 'completed', 'eu', 0, 7]), 'an index without a place'],
])('what goflow did not make is refused: %#', (cursor) => {
  expect(() => decodeCursor(cursor, asked)).toThrow(
    expect.objectContaining({ code: 'CURSOR_INVALID' }) as Error,
  );
});

test.each<Partial<PageQuestion>>([
  { queue: 'other' },
  { state: 'failed' },
  { tag: 'us' },
  { tag: undefined },
])('a cursor of another question is refused: %j', (change) => {
  const cursor = encodeCursor(asked, { place: 0, at: undefined, below: 0 });
  expect(() => decodeCursor(cursor, { ...asked, ...change })).toThrow(
    expect.objectContaining({ code: 'CURSOR_INVALID' }) as Error,
  );
});
