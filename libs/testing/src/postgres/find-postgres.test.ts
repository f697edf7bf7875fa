import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type FakeMachineOptions, fakeMachine } from '../machine/fake-machine.js';
import { findPostgres, findPostgresOrSkip, type PostgresHome } from './find-postgres.js';

const NOWHERE: readonly PostgresHome[] = [];

test('initdb on the PATH comes first', async () => {
  const { machine } = fakeMachine({ programs: ['initdb'] });
  expect(await findPostgres(machine, [await homeOf('15')])).toBe('/bin/initdb');
});

test('then the newest version where the distribution puts it', async () => {
  const { machine, ran } = fakeMachine({ programs: ['apt-get'], isRoot: true });
  const home = await homeOf('9', '17', '15', 'common');
  expect(await findPostgres(machine, [{ ...home, root: '/no/such/folder' }, home])).toBe(
    join(home.root, '17/bin/initdb'),
  );
  expect(ran).toEqual([]);
});

test('then it is installed, and what is run is said', async () => {
  const { machine, ran, said } = fakeMachine({
    programs: ['dnf'],
    isRoot: true,
    installs: { 'postgresql-server': 'initdb' },
  });
  expect(await findPostgres(machine, NOWHERE)).toBe('/bin/initdb');
  expect(ran).toEqual(['dnf install -y postgresql-server']);
  expect(said).toEqual(['goflow needs Postgres. Running: dnf install -y postgresql-server']);
});

test('of two at once, one installs it', async () => {
  const { machine, ran } = fakeMachine({
    programs: ['apk'],
    isRoot: true,
    installs: { postgresql: 'initdb' },
  });
  const both = await Promise.all([findPostgres(machine, NOWHERE), findPostgres(machine, NOWHERE)]);
  expect(both).toEqual(['/bin/initdb', '/bin/initdb']);
  expect(ran).toHaveLength(1);
});

const none: FakeMachineOptions = { env: { GOFLOW_NO_INSTALL: '1' } };

test('where there is none, the error says what to do', async () => {
  const { machine, ran } = fakeMachine({ ...none, programs: ['apt-get'], isRoot: true });
  await expect(findPostgres(machine, NOWHERE)).rejects.toThrow(
    /install it .* the PATH\. .* unset it to let goflow install Postgres/,
  );
  expect(ran).toEqual([]);
});

test('tests with it may be skipped, aloud, outside CI only', async () => {
  const { machine, said } = fakeMachine(none);
  expect(await findPostgresOrSkip(machine, NOWHERE)).toBeUndefined();
  expect(said).toEqual([expect.stringMatching(/^SKIPPED: all tests with Postgres\. .*install it/)]);

  const ci = fakeMachine({ env: { ...none.env, CI: 'true' } });
  await expect(findPostgresOrSkip(ci.machine, NOWHERE)).rejects.toThrow('install it');
});

/** A folder with an executable `initdb` for each version. */
async function homeOf(...versions: readonly string[]): Promise<PostgresHome> {
  const root = await mkdtemp(join(tmpdir(), 'goflow-postgres-home-'));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const version of versions) {
    await mkdir(join(root, version, 'bin'), { recursive: true });
    await writeFile(join(root, version, 'bin/initdb'), '', { mode: 0o755 });
  }
  return { root, version: /^(\d+)$/ };
}
