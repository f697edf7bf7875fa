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

test.each(['LD_PRELOAD', 'NODE_OPTIONS', 'PATH', 'GIT_SSH_COMMAND', 'MINE', 'TZ', '__proto__'])(
  '%s may be set only where it is listed, letter by letter',
  (name) => {
    const env = Object.fromEntries([
      ['A', '1'],
      [name, 'x'],
    ]);
    expect(refusedVariable(env, resolveAllowedEnv(['A']))).toBe(name);
    expect(refusedVariable(env, resolveAllowedEnv(['A', name.toLowerCase()]))).toBe(
      name === name.toLowerCase() ? undefined : name,
    );
    expect(refusedVariable(env, resolveAllowedEnv(['A', name]))).toBeUndefined();
    expect(refusedVariable(env, resolveAllowedEnv(['*']))).toBeUndefined();
  },
);

test('nothing is listed: no variable may be set', () => {
  expect(refusedVariable({ MINE: '1' }, resolveAllowedEnv([]))).toBe('MINE');
  expect(refusedVariable({}, resolveAllowedEnv([]))).toBeUndefined();
  expect(refusedVariable(undefined, resolveAllowedEnv([]))).toBeUndefined();
});

test.each(['', 'A B', 'A=B', '**', 'LD_*'])('%j is no name that can be allowed', (name) => {
  expect(() => resolveAllowedEnv([name])).toThrow('names of variables, or * for all');
});
