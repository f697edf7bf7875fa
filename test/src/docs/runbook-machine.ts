import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { findRedisProgram, freePort, thisMachine, until } from '@goflow/testing';
import { ROOT } from '../../../scripts/run-program.mjs';

const SHOP = fileURLToPath(new URL('runbook-shop', import.meta.url));
/** What the page has in the place of the folder, and of ports, of this test. */
const PAGE_FOLDER = '/srv/goflow';
const PAGE_PORTS = ['6379', '6380', '8080', '9464', '9465', '9466'];
/** What the page's commands need beside goflow and Redis. */
const PROGRAMS = ['bash', 'curl', 'openssl', 'setsid', 'awk', 'redis-cli', 'redis-check-rdb'];
const LIMIT_MS = 50_000;

/** Which programs of the page this machine does not have; /proc counts as one. */
export function missingPrograms(): string[] {
  const missing = PROGRAMS.filter((name) => thisMachine().find(name) === undefined);
  return process.platform === 'linux' ? missing : [...missing, '/proc'];
}

/** A folder with contracts, handlers and goflow's programs, where scripts of the page are run; nothing else is there yet. */
export class RunbookMachine {
  readonly #folder: string;
  readonly #ports: ReadonlyMap<string, string>;
  readonly #path: string;
  readonly #onExit = (): void => void this.#killAll();

  private constructor(folder: string, ports: ReadonlyMap<string, string>, path: string) {
    this.#folder = folder;
    this.#ports = ports;
    this.#path = path;
    process.once('exit', this.#onExit);
  }

  static async make(): Promise<RunbookMachine> {
    const folder = await mkdtemp(join(tmpdir(), 'goflow-runbook-'));
    cpSync(SHOP, folder, { recursive: true });
    const modules = join(folder, 'node_modules');
    mkdirSync(join(modules, '.bin'), { recursive: true });
    for (const name of ['@goflow', 'zod'])
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    for (const bin of ['cli/bin/goflow', 'worker/bin/goflow-worker', 'gateway/bin/goflow-gateway'])
      symlinkSync(
        join(ROOT, 'apps', `${bin}.js`),
        join(modules, '.bin', bin.slice(bin.lastIndexOf('/') + 1)),
      );
    const ports = new Map<string, string>();
    for (const port of PAGE_PORTS) ports.set(port, `${await freePort()}`);
    const redis = dirname(await findRedisProgram());
    return new RunbookMachine(
      folder,
      ports,
      `${redis}:${dirname(process.execPath)}:${process.env.PATH}`,
    );
  }

  /** A text of the page with this machine's folder and ports. */
  ours(text: string): string {
    const own = text.replaceAll(PAGE_FOLDER, this.#folder);
    return own.replace(/\b\d{4}\b/g, (number) => this.#ports.get(number) ?? number);
  }

  /**
   * Runs a script of the page as somebody would type it, and gives what it said on both streams. Variables live on until
   * {@link forget}.
   *
   * @throws Error with what it said, when a command ends with another code than 0, or it takes longer than 50 s.
   */
  async run(script: string): Promise<string> {
    const child = spawn('bash', ['-c', `${PROLOGUE}${this.ours(script)}`], {
      cwd: this.#folder,
      env: { PATH: this.#path, HOME: this.#folder, LANG: 'C.UTF-8', GOFLOW_LEASE: '1s' },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), LIMIT_MS);
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [said, code] = await Promise.all([text(child.stdout), ended]);
    clearTimeout(timer);
    if (code !== 0) throw new Error(`ended with ${code}:\n${script}\n${said}`);
    return said;
  }

  /** Forgets the variables that scripts have set. */
  forget(): void {
    rmSync(join(this.#folder, '.variables'), { force: true });
  }

  /** Ends all that scripts have started, and removes the folder. */
  async remove(): Promise<void> {
    process.off('exit', this.#onExit);
    await until(() => this.#killAll() === 0, { what: 'the programs of the runbook to end' });
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Programs that a script has put into the background are nobody's children: they are known by where they work. */
  #killAll(): number {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && this.#worksHere(name));
    for (const pid of pids)
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has just ended by itself.
      }
    return pids.length;
  }

  #worksHere(pid: string): boolean {
    try {
      return `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${this.#folder}/`);
    } catch {
      return false;
    }
  }
}

/** Each script is a shell of its own; what one sets the next has. A script ends at the first command that fails. */
const PROLOGUE = `exec 2>&1
set -eua
[ ! -f .variables ] || . ./.variables
[ ! -f env ] || . ./env
trap 'export -p > .variables' EXIT
`;
