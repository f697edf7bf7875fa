import { expect, test } from 'vitest';
import { checkCommand } from './command-schema.js';

const GOOD = { identifier: 'job 1', command: 'php' };

test.each([
  GOOD,
  { ...GOOD, args: [] },
  { identifier: '', command: '/bin/a b', args: ['', '$(x)'], timeout: '1.5s', cwd: '/tmp' },
  { ...GOOD, timeout: 1, env: { A_1: '', b: 'c' }, stdin: '' },
])('a command: %j', (command) => {
  expect(checkCommand(command)).toEqual([]);
});

test.each<[unknown, string, string]>([
  [null, '', 'expected a command, such as {"identifier":…}, got null'],
  [[GOOD], '', 'got an array'],
  ['php', '', 'got string'],
  [{ command: 'php' }, 'identifier', 'missing'],
  [{ identifier: 'a' }, 'command', 'missing'],
  [{ ...GOOD, identifier: 1 }, 'identifier', 'expected a text of at most 1024 characters'],
  [{ ...GOOD, identifier: 'a'.repeat(1_025) }, 'identifier', 'at most 1024 characters'],
  [{ ...GOOD, command: '' }, 'command', 'expected a text, got nothing'],
  [{ ...GOOD, command: ['php'] }, 'command', 'got an array'],
  [{ ...GOOD, args: 'x' }, 'args', 'expected an array of texts, got string'],
  [{ ...GOOD, args: ['a', 5] }, 'args[1]', 'expected a text, got number'],
  [{ ...GOOD, timeout: 0 }, 'timeout', 'a duration'],
  [{ ...GOOD, timeout: 'soon' }, 'timeout', 'a duration'],
  [{ ...GOOD, cwd: 7 }, 'cwd', 'got number'],
  [{ ...GOOD, env: ['A=1'] }, 'env', 'expected an object of texts, got an array'],
  [{ ...GOOD, env: { A: 1 } }, 'env', 'A: expected a text, got number'],
  [{ ...GOOD, env: { 'BASH_FUNC_x%%': '() { :; }' } }, 'env', 'names of letters'],
  [{ ...GOOD, env: { 'A=B': '' } }, 'env', 'names of letters'],
  [{ ...GOOD, stdin: 1 }, 'stdin', 'got number'],
  [{ ...GOOD, shell: true }, 'shell', 'unknown; known are identifier, command, args'],
  [JSON.parse('{"identifier":"a","command":"b","__proto__":{}}'), '__proto__', 'unknown'],
])('no command: %j', (value, path, message) => {
  expect(checkCommand(value)).toEqual([{ path, message: expect.stringContaining(message) }]);
});
