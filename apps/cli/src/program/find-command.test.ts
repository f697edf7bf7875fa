import { expect, test } from 'vitest';
import { findCommand, withoutHelpWord } from './find-command.js';

const NAMES = ['get', 'worker', 'dead list', 'dead redrive'];

test.each([
  ['', [], '', []],
  ['get a --json', [], 'get', ['a', '--json']],
  ['worker --redis x', [], 'worker', ['--redis', 'x']],
  ['--redis x worker --watch', ['--redis', 'x'], 'worker', ['--watch']],
  ['--redis=x --json get a', ['--redis=x', '--json'], 'get', ['a']],
  ['--redis worker get', ['--redis', 'worker'], 'get', []],
  ['dead list', [], 'dead list', []],
  ['dead --prefix p list x', ['--prefix', 'p'], 'dead list', ['x']],
  ['dead', [], 'dead', []],
  ['dead lst', [], 'dead', ['lst']],
  ['dead --help', [], 'dead', ['--help']],
  ['--json', ['--json'], '', []],
  ['nope get', [], '', ['nope', 'get']],
  ['--help get', [], '', ['--help', 'get']],
  ['-- get', [], '', ['--', 'get']],
])('%j: settings %j, the command %j, then %j', (line, ...parts) => {
  const [before, name, rest] = parts;
  const args = line.split(' ').filter((word) => word !== '');
  expect(findCommand(args, NAMES)).toEqual({ before, name, rest });
});

test.each([
  ['help', '--help'],
  ['help get', 'get --help'],
  ['help dead', 'dead --help'],
  ['help dead list', 'dead list --help'],
  ['help nope', 'nope'],
  ['help get it', 'get it'],
  ['get help', 'get help'],
])('%j is %j', (line, meant) => {
  expect(withoutHelpWord(line.split(' '), NAMES).join(' ')).toBe(meant);
});
