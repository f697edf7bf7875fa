import { readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installProgram } from '../machine/install-program.js';
import { findOnPath, type Machine, thisMachine } from '../machine/machine.js';

/** A folder that holds one folder for each version of Postgres, off the PATH. */
export interface PostgresHome {
  readonly root: string;
  /** The name of a version's folder, with the version as its group. */
  readonly version: RegExp;
}

/** Of Debian and its kin, of Postgres' own packages for Fedora and its kin, of brew. */
const HOMES: readonly PostgresHome[] = [
  { root: '/usr/lib/postgresql', version: /^(\d+)$/ },
  { root: '/usr', version: /^pgsql-(\d+)$/ },
  { root: '/opt/homebrew/opt', version: /^postgresql@(\d+)$/ },
  { root: '/usr/local/opt', version: /^postgresql@(\d+)$/ },
];

const PACKAGES = {
  'apt-get': ['postgresql'],
  dnf: ['postgresql-server'],
  yum: ['postgresql-server'],
  apk: ['postgresql'],
  pacman: ['postgresql'],
  brew: ['postgresql@17', 'postgresql'],
};

/**
 * Finds Postgres for the tests: `initdb` on the PATH, else where distributions put it (the newest), else what this machine's
 * package manager installs, when that needs no password and `GOFLOW_NO_INSTALL` is not set. Gives the path of `initdb`, which
 * has `postgres` beside it.
 *
 * @throws Error that says what to do when none of these is possible.
 */
export async function findPostgres(
  machine: Machine = thisMachine(),
  homes: readonly PostgresHome[] = HOMES,
): Promise<string> {
  const find = () => machine.find('initdb') ?? findOffPath(homes);
  return (
    find() ??
    (await installProgram(machine, { name: 'Postgres', packages: PACKAGES, find, missing }))
  );
}

/**
 * The same for tests that may be skipped where there is no Postgres, which is then said aloud. Not in CI (`CI` is set): there
 * it is an error.
 *
 * @example const initdb = await findPostgresOrSkip(); describe.skipIf(!initdb)('…', …);
 * @throws Error in CI.
 */
export async function findPostgresOrSkip(
  machine: Machine = thisMachine(),
  homes: readonly PostgresHome[] = HOMES,
): Promise<string | undefined> {
  try {
    return await findPostgres(machine, homes);
  } catch (error) {
    if (machine.env.CI) throw error;
    machine.say(`SKIPPED: all tests with Postgres. ${String(error)}`);
    return undefined;
  }
}

function findOffPath(homes: readonly PostgresHome[]): string | undefined {
  const folders = homes.flatMap(versionsNewestFirst);
  return findOnPath('initdb', folders.map((folder) => join(folder, 'bin')).join(delimiter));
}

function versionsNewestFirst({ root, version }: PostgresHome): readonly string[] {
  return namesIn(root)
    .map((name) => ({ name, number: Number(version.exec(name)?.[1]) }))
    .filter(({ number }) => !Number.isNaN(number))
    .sort((a, b) => b.number - a.number)
    .map(({ name }) => join(root, name));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function missing(why: string): Error {
  return new Error(
    'goflow tests with Postgres and there is none: install it (Debian: postgresql), or put the folder of its initdb on ' +
      `the PATH. It was not installed for you because ${why}`,
  );
}
