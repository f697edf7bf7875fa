import { expect, test } from 'vitest';
import { checkTags, isTag } from './tags.js';

const refusal = expect.objectContaining({
  code: 'OPTION_INVALID',
  message: expect.stringMatching(/^Expected `tags` to be /),
});
const many = (count: number): string[] => Array.from({ length: count }, (_, at) => `t${at}`);

test.each([['eu'], ['x'.repeat(64)], [' '], ['tenant:4711'], ['日本'], ['{}*?'], ['🎉']])(
  'a tag is any text of 1 to 64 characters: %j',
  (tag) => {
    expect(isTag(tag)).toBe(true);
    expect(checkTags('tags', [tag])).toEqual([tag]);
  },
);

test('up to 10 tags, each once, in the order given', () => {
  expect(checkTags('tags', [])).toEqual([]);
  expect(checkTags('tags', many(10))).toEqual(many(10));
  expect(checkTags('tags', ['b', 'a', 'b'])).toEqual(['b', 'a']);
});

test('what it gives is not the array that was given', () => {
  const given = ['a'];
  const tags = checkTags('tags', given);
  given.push('x'.repeat(10_000));
  expect(tags).toEqual(['a']);
});

test.each([
  ['empty', ''],
  ['with half a character', 'a\ud800b'],
  ['of 65 characters', 'x'.repeat(65)],
  ['of 10 kB', 'x'.repeat(10_000)],
  ['a number', 5],
  ['null', null],
  ['undefined', undefined],
  ['true', true],
  ['an array', ['a']],
  ['an object that says it is text', { toString: () => 'a', length: 1 }],
])('a tag that is %s is refused', (_what, tag) => {
  expect(isTag(tag)).toBe(false);
  expect(() => checkTags('tags', ['a', tag])).toThrow(refusal);
  expect(() => checkTags('tags', [tag])).toThrow(/^.{0,200}$/);
});

test.each([
  ['eleven', many(11)],
  ['eleven times the same', Array.from({ length: 11 }, () => 'a')],
  ['with a hole', Object.assign([], { length: 1 })],
  ['a string', 'eu'],
  ['an object', { 0: 'eu', length: 1 }],
  ['a set', new Set(['eu'])],
  ['null', null],
  ['undefined', undefined],
])('tags that are %s are refused', (_what, tags) => {
  expect(() => checkTags('tags', tags)).toThrow(refusal);
});

test('the name of the option is that of the caller', () => {
  expect(() => checkTags('filter.tags', 5)).toThrow('Expected `filter.tags`');
});
