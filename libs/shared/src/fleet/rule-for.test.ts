import { expect, test } from 'vitest';
import type { ConcurrencyRule, WorkerLabels } from '../ports/fleet-broker.js';
import { bySpecificity, ruleFor, scopeText } from './rule-for.js';

const rule = (concurrency: number, queue?: string, labels?: WorkerLabels): ConcurrencyRule => ({
  concurrency,
  by: 'ada',
  at: 1,
  ...(queue && { queue }),
  ...(labels && { labels }),
});

const all = rule(1);
const newer = { ...rule(2), at: 2 };
const eu = rule(3, undefined, { region: 'eu' });
const euBig = rule(4, undefined, { region: 'eu', size: 'big' });
const images = rule(5, 'images');
const imagesEu = rule(6, 'images', { region: 'eu' });

test.each([
  ['no rule', [], undefined],
  ['a rule for all', [all], 1],
  ['the newest of the same', [all, newer], 2],
  ['labels before none', [newer, eu], 3],
  ['more labels before fewer', [eu, euBig, newer], 4],
  ['the queue before labels', [euBig, images], 5],
  ['the queue with labels before the queue', [images, imagesEu, euBig], 6],
  ['not those of another queue', [rule(9, 'mail'), all], 1],
  ['not those of other labels', [rule(9, 'images', { region: 'us' }), all], 1],
  [
    'not those of labels that it has not all of',
    [rule(9, 'images', { region: 'eu', x: 'y' })],
    undefined,
  ],
  ['names of JavaScript are no labels', [rule(9, undefined, { constructor: 'x' })], undefined],
])('%s', (_name, rules, concurrency) => {
  const labels = { region: 'eu', size: 'big' };
  for (const given of [rules, rules.toReversed()])
    expect(ruleFor(given, 'images', labels)?.concurrency).toBe(concurrency);
});

test('of the same moment all workers take the same', () => {
  const [a, b] = [rule(1, undefined, { a: 'x' }), rule(2, undefined, { b: 'x' })];
  const labels = { a: 'x', b: 'x' };
  expect(ruleFor([a, b], 'q', labels)).toBe(ruleFor([b, a], 'q', labels));
});

test('the most specific comes first in a list', () => {
  const rules = [all, eu, images, euBig, imagesEu].toSorted(bySpecificity);
  expect(rules).toEqual([imagesEu, images, euBig, eu, all]);
});

test('a scope has one text', () => {
  expect(scopeText({})).toBe('*');
  expect(scopeText({ labels: {} })).toBe('*');
  expect(scopeText({ queue: 'images' })).toBe('images');
  const text = 'images,a=1,b=2';
  expect(scopeText({ queue: 'images', labels: { a: '1', b: '2' } })).toBe(text);
  expect(scopeText({ queue: 'images', labels: { b: '2', a: '1' } })).toBe(text);
});
