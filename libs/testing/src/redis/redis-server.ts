import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../machine/free-port.js';
import {
  PortTakenError,
  type ServerLaunch,
  type ServerProcess,
  startServerProcess,
} from '../process/server-process.js';
import type { TestCertificates } from '../tls/test-certificates.js';
import { findRedisProgram } from './find-redis.js';
import { copyDataDir, cutAppendOnlyFile, restoreDataDir } from './redis-data.js';
import { answersPing } from './redis-ping.js';

/** How {@link RedisServer.start} starts a server. */
export interface RedisServerOptions {
  /** @default a free port */
  readonly port?: number | undefined;
  /** More arguments, such as `['--appendonly', 'yes']`: the last of two that contradict each other counts. */
  readonly args?: readonly string[] | undefined;
  /** Where its data is kept. Not removed on stop. @default a fresh folder, removed on stop */
  readonly dataDir?: string | undefined;
  /** Asked of every client. It is part of {@link RedisServer.url}. */
  readonly password?: string | undefined;
  /** Listens with TLS only; {@link RedisServer.url} is then `rediss://…`. Clients need its CA. @default no TLS */
  readonly tls?: TestCertificates | undefined;
  /**
   * The text of its configuration file, which the server may write into (`CONFIG REWRITE`, a sentinel's memory). It is made once, as
   * `redis.conf` in the data folder. {@link args} win over it. @default no file
   */
  readonly config?: string | undefined;
  /** The server to run. @default redis-server or valkey-server from the PATH, installed when possible */
  readonly program?: string | undefined;
}

const STOP_GRACE_MS = 3_000;
const PORT_ATTEMPTS = 5;

/**
 * A private Redis: a redis-server of its own on 127.0.0.1, which nobody else knows. It holds its data in memory (no
 * snapshot, no append-only file) and refuses to evict, as a task queue needs it. It can be killed, frozen and started
 * again, and it does not outlive this process.
 */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly dataDir: string;
  /** `redis://…` (`rediss://…` with TLS), with the password when there is one. */
  readonly url: string;
  /** The certificate of its CA (PEM), with TLS. */
  readonly ca: string | undefined;
  readonly #launch: ServerLaunch;
  readonly #ownsDataDir: boolean;
  readonly #copies: string[] = [];
  #process: ServerProcess | undefined;
  #stopped = false;

  private constructor(launch: PrivateLaunch) {
    const { password } = launch;
    this.port = launch.port;
    this.dataDir = launch.dataDir;
    this.ca = launch.ca;
    const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    this.url = `${launch.ca === undefined ? 'redis' : 'rediss'}://${login}127.0.0.1:${launch.port}`;
    this.#launch = launch;
    this.#ownsDataDir = launch.ownsDataDir;
  }

  /**
   * Starts a server and waits until it answers.
   *
   * @throws Error with the end of the server's log when it does not.
   */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const program = options.program ?? (await findRedisProgram());
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'goflow-redis-')));
    if (options.config !== undefined) await writeFile(configFileIn(dataDir), options.config);
    for (let attempt = 1; ; attempt += 1) {
      const port = options.port ?? (await freePort());
      const server = new RedisServer(launchOf(options, { program, dataDir, port }));
      try {
        await server.restart();
        return server;
      } catch (error) {
        const again = error instanceof PortTakenError && options.port === undefined;
        if (again && attempt < PORT_ATTEMPTS) continue;
        await server.stop();
        throw error;
      }
    }
  }

  /** @throws Error when it is not running. */
  get pid(): number {
    return this.#running().pid;
  }

  /** False while it is killed or stopped. A server that ended by itself counts as running. */
  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** Ends it in an orderly way (SIGTERM, after 3 s SIGKILL) and removes its data. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#end();
    const own = [...this.#copies, ...(this.#ownsDataDir ? [this.dataDir] : [])];
    for (const dir of own) await rm(dir, { recursive: true, force: true });
  }

  /** Ends it at once with SIGKILL, as a crash would. Its data folder stays: {@link restart} starts it again. */
  async kill9(): Promise<void> {
    const running = this.#running();
    running.signal('SIGKILL');
    await running.ended;
    this.#process = undefined;
  }

  /** Starts it again on the same port, with the same data folder and arguments, after ending it when it runs. */
  async restart(): Promise<void> {
    if (this.#stopped)
      throw new Error('this RedisServer was stopped and its data is gone: start a new one');
    await this.#end();
    this.#process = await startServerProcess(this.#launch);
  }

  /** Freezes it (SIGSTOP): it keeps its connections and answers nothing until {@link resume}. */
  pause(): void {
    this.#running().signal('SIGSTOP');
  }

  /** Undoes {@link pause}. */
  resume(): void {
    this.#running().signal('SIGCONT');
  }

  /**
   * Cuts the last bytes off its newest append-only file, as a power loss does to what was not yet on the disk.
   *
   * @returns how many were cut: all of a file that is shorter
   * @throws Error while it runs, or when there is no such file.
   */
  async truncateAppendOnlyFile(bytes: number): Promise<number> {
    this.#notRunning();
    return cutAppendOnlyFile(this.dataDir, bytes);
  }

  /** Copies its data folder, for {@link restoreData}. The copy is removed by {@link stop}. */
  async copyData(): Promise<string> {
    const copy = await copyDataDir(this.dataDir);
    this.#copies.push(copy);
    return copy;
  }

  /**
   * Puts what {@link copyData} has kept in the place of its data, as a disk that lost its last writes, or a backup, does.
   *
   * @throws Error while it runs.
   */
  async restoreData(copy: string): Promise<void> {
    this.#notRunning();
    await restoreDataDir(this.dataDir, copy);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #end(): Promise<void> {
    const running = this.#process;
    if (running === undefined) return;
    const timer = setTimeout(() => running.signal('SIGKILL'), STOP_GRACE_MS);
    running.signal('SIGTERM');
    // A frozen process does not hear SIGTERM.
    running.signal('SIGCONT');
    await running.ended;
    clearTimeout(timer);
    this.#process = undefined;
  }

  #notRunning(): void {
    if (this.#process !== undefined)
      throw new Error('this RedisServer is running: call kill9() first');
  }

  #running(): ServerProcess {
    if (this.#process === undefined)
      throw new Error('this RedisServer is not running: call restart(), or start a new one');
    return this.#process;
  }
}

interface PrivateLaunch extends ServerLaunch {
  readonly password: string | undefined;
  readonly ca: string | undefined;
  readonly dataDir: string;
  readonly ownsDataDir: boolean;
}

function launchOf(
  options: RedisServerOptions,
  chosen: { readonly program: string; readonly dataDir: string; readonly port: number },
): PrivateLaunch {
  const { program, dataDir, port } = chosen;
  const { password, tls } = options;
  const ownsDataDir = options.dataDir === undefined;
  const settings = {
    ...listening(port, tls),
    bind: '127.0.0.1',
    'protected-mode': 'no',
    dir: dataDir,
    save: '',
    appendonly: 'no',
    'maxmemory-policy': 'noeviction',
    ...(password === undefined ? {} : { requirepass: password }),
  };
  const file = options.config === undefined ? [] : [configFileIn(dataDir)];
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  return {
    program,
    args: [...file, ...args, ...(options.args ?? [])],
    port,
    password,
    ca: tls?.ca,
    isReady: ({ pid }) => answersPing({ port, pid, password, tls: tls !== undefined }),
    dataDir,
    ownsDataDir,
    onAbandoned: () => {
      if (ownsDataDir) rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function listening(port: number, tls: TestCertificates | undefined): Record<string, string> {
  if (tls === undefined) return { port: `${port}` };
  return {
    port: '0',
    'tls-port': `${port}`,
    'tls-ca-cert-file': tls.caFile,
    'tls-cert-file': tls.certFile,
    'tls-key-file': tls.keyFile,
    'tls-auth-clients': 'no',
  };
}

function configFileIn(dataDir: string): string {
  return join(dataDir, 'redis.conf');
}
