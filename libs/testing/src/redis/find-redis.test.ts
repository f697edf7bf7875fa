import { expect, test } from 'vitest';
import { fakeMachine as fake } from '../machine/fake-machine.js';
import { findRedis, findRedisProgram } from './find-redis.js';

test('REDIS_URL comes first', async () => {
  const { machine } = fake({ env: { REDIS_URL: 'redis://here' }, programs: ['redis-server'] });
  expect(await findRedis(machine)).toEqual({ kind: 'url', url: 'redis://here' });
  expect(await findRedisProgram(machine)).toBe('/bin/redis-server');
});

test('then redis-server, then valkey-server, on the PATH', async () => {
  const both = fake({ env: { REDIS_URL: '' }, programs: ['valkey-server', 'redis-server'] });
  expect(await findRedis(both.machine)).toEqual({ kind: 'program', path: '/bin/redis-server' });
  const valkey = fake({ programs: ['valkey-server', 'apt-get'], isRoot: true });
  expect(await findRedis(valkey.machine)).toEqual({ kind: 'program', path: '/bin/valkey-server' });
  expect(valkey.ran).toEqual([]);
});

test('root installs it, and says exactly what it runs', async () => {
  const { machine, ran, said } = fake({
    programs: ['apt-get', 'sudo'],
    isRoot: true,
    installs: { 'recommends -o DPkg::Lock::Timeout=120 redis-server': 'redis-server' },
  });
  expect(await findRedisProgram(machine)).toBe('/bin/redis-server');
  expect(ran).toHaveLength(2);
  expect(ran[0]).toBe('apt-get update');
  expect(said[0]).toBe('goflow needs redis-server. Running: apt-get update');
  expect(said[1]).toMatch(/Running: sh -c 'if .*apt-get install .*redis-server'$/);
  expect(said.every((line) => !line.includes('\n'))).toBe(true);
});

test('sudo is used when it asks for no password', async () => {
  const { machine, ran } = fake({
    programs: ['dnf', 'sudo'],
    installs: { 'install -y valkey': 'valkey-server' },
    fails: ['install -y redis'],
  });
  expect(await findRedisProgram(machine)).toBe('/bin/valkey-server');
  expect(ran).toEqual([
    'sudo -n true',
    'sudo -n dnf install -y redis',
    'sudo -n dnf install -y valkey',
  ]);
});

test('sudo with a password is not used: the error says what to do', async () => {
  const { machine, ran } = fake({ programs: ['apt-get', 'sudo'], fails: ['sudo -n true'] });
  await expect(findRedisProgram(machine)).rejects.toThrow(
    /install redis-server .* or set REDIS_URL .* without asking for a password/,
  );
  expect(ran).toEqual(['sudo -n true']);
});

test('brew is run without sudo', async () => {
  const { machine, ran } = fake({
    programs: ['brew'],
    installs: { 'brew install redis': 'redis-server' },
  });
  await findRedisProgram(machine);
  expect(ran).toEqual(['brew install redis']);
});

test('GOFLOW_NO_INSTALL=1 refuses to install', async () => {
  const { machine, ran } = fake({
    env: { GOFLOW_NO_INSTALL: '1' },
    programs: ['apt-get'],
    isRoot: true,
  });
  await expect(findRedis(machine)).rejects.toThrow('GOFLOW_NO_INSTALL is set; unset it');
  expect(ran).toEqual([]);
});

test('an installation that fails is told with its last words', async () => {
  const { machine } = fake({ programs: ['apk'], isRoot: true, fails: ['apk'] });
  await expect(findRedis(machine)).rejects.toThrow(
    'apk did not install it (exit code 7):\nE: no such package',
  );
});
