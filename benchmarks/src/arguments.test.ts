import { expect, test } from 'vitest';
import { chooseNames, readArguments, UsageError } from './arguments.js';

const NAMES = ['push-one', 'push-1000', 'run', 'run-chunks'];

test('without arguments everything is measured in full', () => {
  expect(readArguments([])).toEqual({
    names: [],
    mode: 'full',
    rounds: undefined,
    json: undefined,
    chart: undefined,
    asks: undefined,
  });
});

test('names, and every option', () => {
  const argv = ['push', '--quick', '--rounds', '3', '--json', 'a.json', 'run', '--chart=b.svg'];
  expect(readArguments(argv)).toEqual({
    names: ['push', 'run'],
    mode: 'quick',
    rounds: 3,
    json: 'a.json',
    chart: 'b.svg',
    asks: undefined,
  });
});

test.each([
  [['--list'], 'list'],
  [['--help'], 'help'],
  [['-h', '--list'], 'help'],
])('%j asks for something', (argv, asks) => {
  expect(readArguments(argv).asks).toBe(asks);
});

test.each([
  [['--fast'], "Unknown option '--fast'"],
  [['--rounds', '0'], '--rounds must be a whole number from 1 to 999, and is "0"'],
  [['--rounds', '1.5'], '--rounds must be a whole number from 1 to 999, and is "1.5"'],
  [['--rounds', 'many'], '--rounds must be a whole number from 1 to 999, and is "many"'],
  [['--json', 'no-such-folder/a.json'], 'there is no folder no-such-folder'],
  [['--chart', 'no-such-folder/a.svg'], 'there is no folder no-such-folder'],
  [['--chart', 'a.png'], '--chart writes SVG: "a.png" must end in .svg'],
  [['--chart='], '--json and --chart need the name of a file'],
  [['--json='], '--json and --chart need the name of a file'],
  [['--quick=yes'], "Option '--quick' does not take an argument"],
])('%j is refused', (argv, message) => {
  expect(() => readArguments(argv)).toThrow(new UsageError(message));
});

test.each([
  [[], NAMES],
  [['push'], ['push-one', 'push-1000']],
  [['ru'], ['run', 'run-chunks']],
  [['run'], ['run']],
  [
    ['run', 'run-c'],
    ['run', 'run-chunks'],
  ],
  [
    ['run-c', 'push-1'],
    ['push-1000', 'run-chunks'],
  ],
])('%j chooses by name, or by how names begin, in their own order', (given, expected) => {
  expect(chooseNames(given, NAMES)).toEqual(expected);
});

test('a name that begins no scenario is refused, and those there are are said', () => {
  const message =
    'no scenario begins with "pusch". There are: push-one, push-1000, run, run-chunks';
  expect(() => chooseNames(['run', 'pusch'], NAMES)).toThrow(new UsageError(message));
});
