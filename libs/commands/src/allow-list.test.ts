import { expect, test } from 'vitest';
import { resolveAllowList } from './allow-list.js';

test('names and absolute paths, as they are written', () => {
  expect([...resolveAllowList(['php', 'g++', '/usr/bin/env', '/opt/my tool/run.sh'])]).toEqual([
    'php',
    'g++',
    '/usr/bin/env',
    '/opt/my tool/run.sh',
  ]);
});

test.each([
  '',
  ' ',
  ' php',
  '.',
  '..',
  '*',
  'bin/php',
  './php',
  '../php',
  '/usr/../bin/sh',
  '/usr/./bin/sh',
  '/usr//bin/sh',
  '/usr/bin/',
  '/',
  '/usr/bin/*',
  'a\0b',
])('refused: %j', (program) => {
  expect(() => resolveAllowList(['php', program])).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  );
});

test('an empty list is refused: it would mean a worker that runs nothing', () => {
  expect(() => resolveAllowList([])).toThrow('at least one program');
});
