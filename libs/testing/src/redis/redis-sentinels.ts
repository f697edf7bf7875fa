import { until } from '../wait/until.js';
import { askRedis, infoFields, withRedis } from './ask-redis.js';
import type { NatMap, RedisAddress } from './redis-address.js';
import { RedisServer } from './redis-server.js';
import { allOrThrow, REPLICATED_ARGS, restartStopped, running, stopAll } from './server-group.js';

/** How {@link RedisSentinels.start} starts its servers. */
export interface RedisSentinelsOptions {
  /** @default 1 */
  readonly replicas?: number | undefined;
  /** More than half of them must agree. @default 3 */
  readonly sentinels?: number | undefined;
  /** After how long without an answer a sentinel takes a server for down. Before Redis 7 no less than 1_500. @default 800 */
  readonly downAfterMs?: number | undefined;
  /** @default 3_000 */
  readonly failoverTimeoutMs?: number | undefined;
  /** More arguments of every redis-server (not of the sentinels). */
  readonly args?: readonly string[] | undefined;
}

/** What goflow (and ioredis) is given as `redis`. It is plain data. */
export interface SentinelAccess {
  readonly sentinels: RedisAddress[];
  readonly name: string;
  readonly natMap?: Record<string, RedisAddress>;
}

const MASTER_NAME = 'goflow';
/**
 * In ms. By itself a sentinel looks at its servers every 10 s and tells the others every 2 s: what it decides is not changed by looking
 * sooner. It pings every second, and takes a server that it has just got to know for down when `downAfterMs` is shorter than that:
 * each failover was followed by a second one.
 */
const QUICK_LOOKS = ['INFO-PERIOD', 500, 'PUBLISH-PERIOD', 500, 'PING-PERIOD', 200] as const;

/**
 * A master with replicas and the sentinels that watch them: real processes on 127.0.0.1, the servers with an append-only file. Kill,
 * freeze or restart each of them through {@link servers} and {@link sentinelServers}.
 */
export class RedisSentinels implements AsyncDisposable {
  /** The name of the master. */
  readonly name = MASTER_NAME;
  /** Where the sentinels listen. */
  readonly sentinels: readonly RedisAddress[];
  /** The redis-servers; the first one is the first master. */
  readonly servers: readonly RedisServer[];
  /** The sentinels, to be frozen or killed. Restart them with {@link restartKilled}: by themselves they come back slow. */
  readonly sentinelServers: readonly RedisServer[];

  private constructor(servers: readonly RedisServer[], sentinelServers: readonly RedisServer[]) {
    this.servers = servers;
    this.sentinelServers = sentinelServers;
    this.sentinels = sentinelServers.map(({ port }) => ({ host: '127.0.0.1', port }));
  }

  /**
   * Starts them, and is ready when every sentinel sees the master, the replicas in step with it, and the other sentinels.
   *
   * @throws Error when that does not come within 30 s.
   */
  static async start(options: RedisSentinelsOptions = {}): Promise<RedisSentinels> {
    const started: RedisServer[] = [];
    try {
      const servers = await startServers(options, started);
      const sentinels = await startSentinels(options, servers[0]?.port ?? 0, started);
      const world = new RedisSentinels(servers, sentinels);
      await world.waitUntilWhole();
      return world;
    } catch (error) {
      await stopAll(started);
      throw error;
    }
  }

  /**
   * The server that the sentinels name as the master now. During a failover that is the old one for a while.
   *
   * @throws Error when no sentinel answers.
   */
  async master(): Promise<RedisServer> {
    const failures: unknown[] = [];
    for (const sentinel of running(this.sentinelServers)) {
      try {
        const address = await askRedis(sentinel, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.name);
        return this.#serverAt((address as string[])[1]);
      } catch (error) {
        failures.push(error);
      }
    }
    throw new AggregateError(failures, 'no sentinel tells the master: is one running?');
  }

  /** The servers that are not the master now, dead ones too. */
  async replicas(): Promise<readonly RedisServer[]> {
    const master = await this.master();
    return this.servers.filter((server) => server !== master);
  }

  /** What one gives goflow as `redis`. `natMap` leads to proxies: `{ '127.0.0.1:7000': { host, port } }`. */
  options(natMap?: NatMap): SentinelAccess {
    const access = { sentinels: [...this.sentinels], name: this.name };
    return natMap === undefined ? access : { ...access, natMap: { ...natMap } };
  }

  /**
   * Waits until every sentinel that runs names the same running master, sees every other running server as a replica in step, and
   * sees the other sentinels. Servers that were killed, and not restarted, are not waited for.
   *
   * @throws Error when the time is over.
   */
  async waitUntilWhole(timeoutMs = 30_000): Promise<void> {
    const isWhole = async (): Promise<boolean> => {
      const master = await this.master();
      const looks = running(this.sentinelServers).map((one) => this.#isSeenWhole(one, master));
      const links = running(this.servers)
        .filter((server) => server !== master)
        .map((server) => follows(server, master));
      return master.isRunning && (await Promise.all([...looks, ...links])).every(Boolean);
    };
    await until(isWhole, { what: 'the sentinels to see all', timeoutMs, everyMs: 50 });
  }

  /** Starts again what was killed, servers and sentinels, and waits until all is whole. */
  async restartKilled(): Promise<void> {
    await restartStopped([...this.servers, ...this.sentinelServers]);
    await quicken(this.sentinelServers);
    await this.waitUntilWhole();
  }

  /** Ends all of them and removes their data. Safe to call twice. */
  async stop(): Promise<void> {
    await stopAll([...this.sentinelServers, ...this.servers]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #serverAt(port: string | undefined): RedisServer {
    const found = this.servers.find((server) => `${server.port}` === port);
    if (found === undefined) throw new Error(`no server of this world listens on port ${port}`);
    return found;
  }

  async #isSeenWhole(sentinel: RedisServer, master: RedisServer): Promise<boolean> {
    const [seen, replicas] = await withRedis(sentinel, (redis) =>
      Promise.all([
        redis.call('SENTINEL', 'MASTER', this.name),
        redis.call('SENTINEL', 'REPLICAS', this.name),
      ]),
    );
    const fields = fieldsOf(seen);
    const inStep = (replicas as unknown[]).map(fieldsOf).filter(isInStep);
    return (
      fields.get('port') === `${master.port}` &&
      fields.get('flags') === 'master' &&
      inStep.length === running(this.servers).length - 1 &&
      Number(fields.get('num-other-sentinels')) === this.sentinelServers.length - 1
    );
  }
}

async function startServers(
  { replicas = 1, args = [] }: RedisSentinelsOptions,
  started: RedisServer[],
): Promise<readonly RedisServer[]> {
  const start = async (config: string): Promise<RedisServer> => {
    // A file, and not an argument: a failover rewrites who follows whom, and that must hold after a restart.
    const server = await RedisServer.start({ args: [...REPLICATED_ARGS.flat(), ...args], config });
    started.push(server);
    return server;
  };
  const master = await start('');
  const followers = Array.from({ length: replicas }, () =>
    start(`replicaof 127.0.0.1 ${master.port}\n`),
  );
  const servers = [master, ...(await allOrThrow(followers))];
  // A sentinel that sees a replica still on its way asks again only after a while.
  const linked = async (): Promise<boolean> =>
    (await Promise.all(servers.slice(1).map((server) => follows(server, master)))).every(Boolean);
  await until(linked, { what: 'the replicas to be in step', everyMs: 50 });
  return servers;
}

async function startSentinels(
  options: RedisSentinelsOptions,
  masterPort: number,
  started: RedisServer[],
): Promise<readonly RedisServer[]> {
  const { sentinels = 3, downAfterMs = 800, failoverTimeoutMs = 3_000 } = options;
  const config = [
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} ${Math.floor(sentinels / 2) + 1}`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${downAfterMs}`,
    `sentinel failover-timeout ${MASTER_NAME} ${failoverTimeoutMs}`,
  ].join('\n');
  const start = async (): Promise<RedisServer> => {
    const server = await RedisServer.start({ args: ['--sentinel'], config: `${config}\n` });
    started.push(server);
    return server;
  };
  const servers = await allOrThrow(Array.from({ length: sentinels }, start));
  await quicken(servers);
  return servers;
}

/** Servers that know no such command (before Redis 7) look at their usual pace. */
async function quicken(sentinels: readonly RedisServer[]): Promise<void> {
  const quickened = running(sentinels).map((sentinel) =>
    askRedis(sentinel, 'SENTINEL', 'DEBUG', ...QUICK_LOOKS).catch(() => undefined),
  );
  await Promise.all(quickened);
}

async function follows(server: RedisServer, master: RedisServer): Promise<boolean> {
  const fields = infoFields(await askRedis(server, 'INFO', 'replication'));
  return (
    fields.get('master_port') === `${master.port}` && fields.get('master_link_status') === 'up'
  );
}

function isInStep(replica: ReadonlyMap<string, string>): boolean {
  return replica.get('flags') === 'slave' && replica.get('master-link-status') === 'ok';
}

/** The fields of a reply that lists names and values in turns. */
function fieldsOf(reply: unknown): ReadonlyMap<string, string> {
  const flat = reply as readonly string[];
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < flat.length; at += 2) fields.set(flat[at] ?? '', flat[at + 1] ?? '');
  return fields;
}
