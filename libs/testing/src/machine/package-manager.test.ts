import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aptInstall, choosePackageManager, type InstallRights } from './package-manager.js';

const chosen = (programs: readonly string[], rights: Partial<InstallRights>) =>
  choosePackageManager({
    isRoot: false,
    canSudo: false,
    has: (program) => programs.includes(program),
    ...rights,
  })?.program;

test('root may use every system manager, and never brew', () => {
  for (const program of ['apt-get', 'dnf', 'yum', 'apk', 'pacman'])
    expect(chosen([program], { isRoot: true })).toBe(program);
  expect(chosen(['brew'], { isRoot: true })).toBeUndefined();
});

test('so may a user who needs no password for sudo; others have only brew', () => {
  expect(chosen(['apt-get', 'brew'], { canSudo: true })).toBe('apt-get');
  expect(chosen(['apt-get', 'brew'], {})).toBe('brew');
  expect(chosen(['apt-get'], {})).toBeUndefined();
});

test('dnf is preferred to yum, which is the older name of it', () => {
  expect(chosen(['yum', 'dnf'], { isRoot: true })).toBe('dnf');
});

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'goflow-apt-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('services are forbidden while apt installs, and only then', async () => {
  await fakeApt('cat "$POLICY"; echo "$DEBIAN_FRONTEND"; echo "$@"');
  expect(install()).toBe(
    '#!/bin/sh\nexit 101\nnoninteractive\n' +
      'install -y --no-install-recommends -o DPkg::Lock::Timeout=120 redis-server\n',
  );
  await expect(readFile(policy())).rejects.toThrow('ENOENT');
});

test('the ban is lifted when apt fails, and its exit code is kept', async () => {
  await fakeApt('exit 100');
  expect(install).toThrow(expect.objectContaining({ status: 100 }));
  await expect(readFile(policy())).rejects.toThrow('ENOENT');
});

test('a policy that the machine has is left alone', async () => {
  await fakeApt('cat "$POLICY"');
  await writeFile(policy(), 'its own');
  expect(install()).toBe('its own');
  expect(await readFile(policy(), 'utf8')).toBe('its own');
});

const policy = () => join(dir, 'policy-rc.d');

async function fakeApt(script: string) {
  await writeFile(join(dir, 'apt-get'), `#!/bin/sh\n${script}\n`);
  await chmod(join(dir, 'apt-get'), 0o755);
}

function install(): string {
  const [program = '', ...args] = aptInstall('redis-server', policy());
  const env = { PATH: `${dir}:${process.env.PATH}`, POLICY: policy() };
  return execFileSync(program, args, { env, encoding: 'utf8' });
}
