import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Pool, type PoolConfig } from 'pg';
import { freePort } from '../machine/free-port.js';
import {
  PortTakenError,
  type ServerLaunch,
  type ServerProcess,
  startServerProcess,
} from '../process/server-process.js';
import { findPostgres } from './find-postgres.js';
import { makePostgresData, type PostgresData, SUPERUSER } from './postgres-data.js';

/** How {@link PostgresServer.start} starts a server. */
export interface PostgresServerOptions {
  /** The `initdb` of the Postgres to run. @default what `findPostgres` finds, installed when possible */
  readonly initdb?: string | undefined;
}

const STOP_GRACE_MS = 5_000;
const PORT_ATTEMPTS = 5;

/**
 * A private Postgres on 127.0.0.1, with one database, `postgres`, and data of its own. It never waits for the disk, so it is
 * quick and to be trusted with nothing. It can be killed and started again, and it does not outlive this process. Where this
 * process is root's, it runs as another user.
 */
export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  /** `postgres://…`; there is no password. */
  readonly url: string;
  readonly #data: PostgresData;
  readonly #launch: ServerLaunch;
  #process: ServerProcess | undefined;
  #stopped = false;

  private constructor(data: PostgresData, launch: ServerLaunch) {
    this.port = launch.port;
    this.url = `postgres://${SUPERUSER}@127.0.0.1:${launch.port}/postgres`;
    this.#data = data;
    this.#launch = launch;
  }

  /**
   * Makes the data, starts a server and waits until it answers: some 2 s.
   *
   * @throws Error with the end of its log when it does not; one that says what to do when there is no Postgres.
   */
  static async start(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    const initdb = options.initdb ?? (await findPostgres());
    const data = await makePostgresData(initdb);
    for (let attempt = 1; ; attempt += 1) {
      const server = new PostgresServer(data, launchOf(initdb, data, await freePort()));
      try {
        await server.restart();
        return server;
      } catch (error) {
        if (error instanceof PortTakenError && attempt < PORT_ATTEMPTS) continue;
        data.remove();
        throw error;
      }
    }
  }

  get dataDir(): string {
    return this.#data.dir;
  }

  /** @throws Error when it is not running. */
  get pid(): number {
    return this.#running().pid;
  }

  /** A pool of connections to it, which the caller ends. One that breaks while it is idle is replaced. */
  openPool(config: PoolConfig = {}): Pool {
    // Not by its url: what that says counts for more than `config`.
    const place = { host: '127.0.0.1', port: this.port, user: SUPERUSER, database: 'postgres' };
    const pool = new Pool({ ...place, ...config });
    // Tests end servers under their pools.
    pool.on('error', () => undefined);
    return pool;
  }

  /** Ends it at once, as a crash would: it finds its data as they were when it is started again with {@link restart}. */
  async kill(): Promise<void> {
    // Not SIGKILL, which leaves children that keep the data locked.
    await this.#end('SIGQUIT');
  }

  /** Starts it again on the same port, with the same data, after ending it when it runs. */
  async restart(): Promise<void> {
    if (this.#stopped)
      throw new Error('this PostgresServer was stopped and its data is gone: start a new one');
    await this.#end('SIGINT');
    this.#process = await startServerProcess(this.#launch);
  }

  /** Ends it in an orderly way, without waiting for its clients, and removes its data. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#end('SIGINT');
    this.#data.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process;
    if (running === undefined) return;
    const timer = setTimeout(() => running.signal('SIGKILL'), STOP_GRACE_MS);
    running.signal(signal);
    await running.ended;
    clearTimeout(timer);
    this.#process = undefined;
  }

  #running(): ServerProcess {
    if (this.#process === undefined)
      throw new Error('this PostgresServer is not running: call restart(), or start a new one');
    return this.#process;
  }
}

function launchOf(initdb: string, data: PostgresData, port: number): ServerLaunch {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    full_page_writes: 'off',
    shared_buffers: '32MB',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return {
    program: join(dirname(realpathSync(initdb)), 'postgres'),
    args: ['-D', data.dir, '-p', `${port}`, ...args],
    port,
    cwd: data.dir,
    user: data.owner,
    isReady: ({ log }) => log.some((line) => line.includes('ready to accept connections')),
    onAbandoned: () => data.remove(),
  };
}
