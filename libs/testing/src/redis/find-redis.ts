import { installProgram } from '../machine/install-program.js';
import { type Machine, thisMachine } from '../machine/machine.js';

/** How Redis is to be had: one that runs already, or a program that can be started. */
export type RedisSource =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'program'; readonly path: string };

const PROGRAMS = ['redis-server', 'valkey-server'] as const;
const PACKAGES = {
  'apt-get': ['redis-server', 'valkey-server'],
  dnf: ['redis', 'valkey'],
  yum: ['redis', 'valkey'],
  apk: ['redis', 'valkey'],
  pacman: ['valkey', 'redis'],
  brew: ['redis'],
};

/**
 * Finds Redis for the tests: the server that `REDIS_URL` names, else `redis-server` or `valkey-server` on the PATH, else
 * one that this machine's package manager installs, when that needs no password and `GOFLOW_NO_INSTALL` is not set.
 *
 * @throws Error that says what to do when none of these is possible.
 */
export async function findRedis(machine: Machine = thisMachine()): Promise<RedisSource> {
  const url = machine.env.REDIS_URL;
  if (url !== undefined && url !== '') return { kind: 'url', url };
  return { kind: 'program', path: await findRedisProgram(machine) };
}

/**
 * The same for a private server, which must be a program: `REDIS_URL` is the user's, and is neither stopped nor paused.
 *
 * @throws Error that says what to do when there is none and it cannot be installed.
 */
export async function findRedisProgram(machine: Machine = thisMachine()): Promise<string> {
  const find = () => findInstalled(machine);
  return (
    find() ??
    (await installProgram(machine, { name: 'redis-server', packages: PACKAGES, find, missing }))
  );
}

function findInstalled(machine: Machine): string | undefined {
  for (const program of PROGRAMS) {
    const path = machine.find(program);
    if (path !== undefined) return path;
  }
  return undefined;
}

function missing(why: string): Error {
  return new Error(
    'goflow needs Redis and there is none: install redis-server (or valkey-server), or set REDIS_URL to a Redis ' +
      `that it may use. It was not installed for you because ${why}`,
  );
}
