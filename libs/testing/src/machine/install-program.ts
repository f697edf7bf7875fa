import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../wait/until.js';
import type { CommandResult, Machine } from './machine.js';
import { choosePackageManager, type PackageManager } from './package-manager.js';

/** A program that tests need, and how it is had. */
export interface WantedProgram {
  /** What the user knows it as, such as `redis-server`. */
  readonly name: string;
  /** The packages to try, best first, by package manager: distributions name them differently. */
  readonly packages: Readonly<Record<string, readonly string[]>>;
  /** Where it is, once it is there. */
  readonly find: () => string | undefined;
  /** The error that says what the user can do; `why` goflow did not install it. */
  readonly missing: (why: string) => Error;
}

const LOCK = join(tmpdir(), 'goflow-install.lock');
const LOCK_PATIENCE_MS = 300_000;

/**
 * Installs a program with this machine's package manager, when that needs no password and `GOFLOW_NO_INSTALL` is not set. Says
 * each command before it runs it.
 *
 * @throws `wanted.missing`
 */
export async function installProgram(machine: Machine, wanted: WantedProgram): Promise<string> {
  if (isSet(machine.env.GOFLOW_NO_INSTALL))
    throw wanted.missing(`GOFLOW_NO_INSTALL is set; unset it to let goflow install ${wanted.name}`);
  const { manager, prefix } = await chooseInstaller(machine, wanted);
  await takeLock();
  try {
    // Whoever had the lock may have installed it.
    return wanted.find() ?? (await install(machine, wanted, { manager, prefix }));
  } finally {
    rmSync(LOCK, { force: true });
  }
}

interface Installer {
  readonly manager: PackageManager;
  /** What every command begins with. */
  readonly prefix: readonly string[];
}

async function install(
  machine: Machine,
  wanted: WantedProgram,
  { manager, prefix }: Installer,
): Promise<string> {
  const run = (command: readonly string[]) => runAloud(machine, wanted, [...prefix, ...command]);
  if (manager.refresh !== undefined) await run(manager.refresh);
  let last: CommandResult = { code: 1, output: '' };
  for (const name of wanted.packages[manager.program] ?? []) {
    last = await run(manager.install(name));
    const path = wanted.find();
    if (path !== undefined) return path;
  }
  const told = last.output.trim().split('\n').slice(-10).join('\n');
  throw wanted.missing(`${manager.program} did not install it (exit code ${last.code}):\n${told}`);
}

async function chooseInstaller(machine: Machine, wanted: WantedProgram): Promise<Installer> {
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
    throw wanted.missing('no package manager can be run here without asking for a password');
  return { manager, prefix: manager.asRoot && !machine.isRoot ? ['sudo', '-n'] : [] };
}

function runAloud(
  machine: Machine,
  wanted: WantedProgram,
  command: readonly string[],
): Promise<CommandResult> {
  machine.say(`goflow needs ${wanted.name}. Running: ${command.map(quoted).join(' ')}`);
  return machine.run(command);
}

/** One installation at a time: package managers refuse to run twice, and test files run side by side. */
async function takeLock(): Promise<void> {
  await until(tryLock, {
    what: `another installation to end (if there is none, remove ${LOCK})`,
    timeoutMs: LOCK_PATIENCE_MS,
    everyMs: 200,
  });
}

function tryLock(): boolean {
  try {
    writeFileSync(LOCK, `${process.pid}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Left by a process that was killed.
    if (!isAlive(Number(readFileSync(LOCK, 'utf8')))) rmSync(LOCK, { force: true });
    return false;
  }
}

function isAlive(pid: number): boolean {
  // Not written yet.
  if (pid === 0) return true;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function quoted(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function isSet(flag: string | undefined): boolean {
  return flag !== undefined && !['', '0', 'false'].includes(flag);
}
