import { expect, test } from 'vitest';
import { passedOn, refusedVariable, resolveAllowedEnv } from './environment.js';

test('of a worker’s environment four names are passed on, and of PATH what is absolute', () => {
  const env = {
    PATH: '/usr/bin:.::bin:/bin',
    HOME: '/root',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    REDIS_URL: 'redis://:secret@host',
    NODE_OPTIONS: '--require x',
  };
  expect(passedOn(env)).toEqual({
    PATH: '/usr/bin:/bin',
    HOME: '/root',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
  });
});

test.each(['', '.', undefined])('a PATH of %j is none, and never the folder at hand', (PATH) => {
  expect(passedOn({ PATH }).PATH).toBeUndefined();
});

test.each([
  'LD_PRELOAD',
  'LD_LIBRARY_PATH',
  'DYLD_INSERT_LIBRARIES',
  'NODE_OPTIONS',
  'node_options',
  'BASH_ENV',
  'ENV',
  'PATH',
  'HOME',
  'IFS',
  'PYTHONSTARTUP',
  'PERL5OPT',
  'RUBYOPT',
  'PHPRC',
  'JAVA_TOOL_OPTIONS',
  '_JAVA_OPTIONS',
  'GIT_SSH_COMMAND',
  'npm_config_script_shell',
  'GCONV_PATH',
])('%s may not be set, unless it is allowed by name', (name) => {
  expect(refusedVariable({ MINE: '1', [name]: 'x' })).toBe(name);
  expect(refusedVariable({ [name]: 'x' }, resolveAllowedEnv([name]))).toBeUndefined();
  expect(refusedVariable({ [name]: 'x' }, resolveAllowedEnv(['OTHER']))).toBe(name);
});

test('other names may', () => {
  expect(refusedVariable({ MINE: '1', LDAP: 'x', PATHS: 'y', NODE: 'z' })).toBeUndefined();
  expect(refusedVariable()).toBeUndefined();
});

test.each(['', 'A B', 'A=B', '*', 'LD_*'])('%j is no name that can be allowed', (name) => {
  expect(() => resolveAllowedEnv([name])).toThrow('names of variables');
});
