import { type CommandResult, type Machine, thisMachine } from './machine.js';
import { choosePackageManager, type PackageManager } from './package-manager.js';

/** How Redis is to be had: one that runs already, or a program that can be started. */
export type RedisSource =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'program'; readonly path: string };

const PROGRAMS = ['redis-server', 'valkey-server'] as const;

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
  return findInstalled(machine) ?? (await install(machine));
}

function findInstalled(machine: Machine): string | undefined {
  for (const program of PROGRAMS) {
    const path = machine.find(program);
    if (path !== undefined) return path;
  }
  return undefined;
}

async function install(machine: Machine): Promise<string> {
  if (isSet(machine.env.GOFLOW_NO_INSTALL))
    throw missing('GOFLOW_NO_INSTALL is set; unset it to let goflow install redis-server');
  const { manager, prefix } = await chooseInstaller(machine);
  const commands = manager.install.map((command) => [...prefix, ...command]);
  if (manager.refresh !== undefined) await runAloud(machine, [...prefix, ...manager.refresh]);
  let last: CommandResult = { code: 1, output: '' };
  for (const command of commands) {
    last = await runAloud(machine, command);
    const path = findInstalled(machine);
    if (path !== undefined) return path;
  }
  const told = last.output.trim().split('\n').slice(-10).join('\n');
  throw missing(`${manager.program} did not install it (exit code ${last.code}):\n${told}`);
}

async function chooseInstaller(
  machine: Machine,
): Promise<{ manager: PackageManager; prefix: readonly string[] }> {
  const canSudo =
    !machine.isRoot &&
    machine.find('sudo') !== undefined &&
    (await machine.run(['sudo', '-n', 'true'])).code === 0;
  const manager = choosePackageManager({
    isRoot: machine.isRoot,
    canSudo,
    has: (program) => machine.find(program) !== undefined,
  });
  if (manager === undefined)
    throw missing('no package manager can be run here without asking for a password');
  return { manager, prefix: manager.asRoot && !machine.isRoot ? ['sudo', '-n'] : [] };
}

function runAloud(machine: Machine, command: readonly string[]): Promise<CommandResult> {
  machine.say(`goflow needs redis-server. Running: ${command.map(quoted).join(' ')}`);
  return machine.run(command);
}

function quoted(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function isSet(flag: string | undefined): boolean {
  return flag !== undefined && !['', '0', 'false'].includes(flag);
}

function missing(why: string): Error {
  return new Error(
    'goflow needs Redis and there is none: install redis-server (or valkey-server), or set REDIS_URL to a Redis ' +
      `that it may use. It was not installed for you because ${why}`,
  );
}
