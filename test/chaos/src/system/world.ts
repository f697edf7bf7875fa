import { FaultProxy, RedisCluster, RedisSentinels, RedisServer } from '@goflow/testing';
import { Cluster, Redis } from 'ioredis';
import type { NatMap, RedisSettings } from '../load/orders.js';
import { QUEUES } from '../load/tasks.js';
import type { WorldKind } from '../plan/fault-kinds.js';

/** Who reaches Redis through which proxies, so that the network can be bad for some only. */
export type Role = 'worker' | 'producer';

/** What a world is started with. */
export interface WorldOptions {
  /** Decides what happens inside of the proxies. */
  readonly random: () => number;
  /** False: Redis keeps nothing on its disk, a planted bug. @default true */
  readonly appendOnly?: boolean | undefined;
}

/** The Redis of an episode: real servers, and a proxy for each role in front of each. */
export interface World extends AsyncDisposable {
  readonly kind: WorldKind;
  readonly servers: readonly RedisServer[];
  readonly sentinels?: RedisSentinels | undefined;
  readonly cluster?: RedisCluster | undefined;
  /** How processes of a role reach it: through the proxies. */
  reach(role: Role): RedisSettings;
  /** How the harness itself does: directly. */
  readonly direct: RedisSettings;
  proxies(role: Role): readonly FaultProxy[];
  /** The ports of the masters of the queues now: others later, and there was a failover. */
  masters(): Promise<string>;
  /** Waits until every server is there again, and replicas follow their masters. */
  waitUntilWhole(): Promise<void>;
}

const HOST = '127.0.0.1';
/** After how long a silent master is replaced. Shorter, and a busy machine makes failovers of its own. */
const DOWN_AFTER_MS = 1_500;

/** Starts the servers and proxies of a world. */
export async function startWorld(kind: WorldKind, options: WorldOptions): Promise<World> {
  const args = ['--appendonly', options.appendOnly === false ? 'no' : 'yes'];
  if (kind === 'alone') {
    const server = await RedisServer.start({ args });
    const direct = { kind, host: HOST, port: server.port } as const;
    return withProxies({ kind, servers: [server], direct, home: server }, options.random);
  }
  if (kind === 'sentinel') {
    const sentinels = await RedisSentinels.start({ args, downAfterMs: DOWN_AFTER_MS });
    const access = { kind, sentinels: sentinels.sentinels, name: sentinels.name } as const;
    const direct = { ...access, natMap: {} };
    const { servers } = sentinels;
    return withProxies({ kind, servers, sentinels, direct, home: sentinels }, options.random);
  }
  const cluster = await RedisCluster.start({ args, nodeTimeoutMs: DOWN_AFTER_MS });
  const direct = { kind, nodes: cluster.nodes, natMap: {} } as const;
  const { servers } = cluster;
  return withProxies({ kind, servers, cluster, direct, home: cluster }, options.random);
}

type Bare = Pick<World, 'kind' | 'servers' | 'sentinels' | 'cluster' | 'direct'> & {
  readonly home: AsyncDisposable;
};

async function withProxies(bare: Bare, random: () => number): Promise<World> {
  const start = (): Promise<FaultProxy[]> =>
    Promise.all(bare.servers.map(({ port }) => FaultProxy.start({ targetPort: port, random })));
  const proxies = { worker: await start(), producer: await start() };
  return {
    ...bare,
    reach: (role) => through(bare, proxies[role]),
    proxies: (role) => proxies[role],
    masters: () => mastersOf(bare),
    async waitUntilWhole() {
      await bare.sentinels?.waitUntilWhole();
      await bare.cluster?.waitUntilWhole();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...proxies.worker, ...proxies.producer].map((proxy) => proxy.stop()));
      await bare.home[Symbol.asyncDispose]();
    },
  };
}

async function mastersOf({ servers, sentinels, cluster }: Bare): Promise<string> {
  if (sentinels) return String((await sentinels.master()).port);
  if (!cluster) return String(servers[0]?.port);
  const masters = await Promise.all(QUEUES.map((queue) => cluster.masterOf(`{${queue}}`)));
  return masters.map(({ port }) => port).join(' ');
}

/** The same way, with every address leading through its proxy. */
function through({ direct, servers }: Bare, proxies: readonly FaultProxy[]): RedisSettings {
  const portOf = (index: number): number => proxies[index]?.port ?? 0;
  if (direct.kind === 'alone') return { ...direct, port: portOf(0) };
  const natMap: NatMap = Object.fromEntries(
    servers.map(({ port }, index) => [`${HOST}:${port}`, { host: HOST, port: portOf(index) }]),
  );
  if (direct.kind === 'sentinel') return { ...direct, natMap };
  return { ...direct, nodes: proxies.map(({ port }) => ({ host: HOST, port })), natMap };
}

/** A connection of the harness’s own to one server; it gives up at once when the server is away. */
export function openServer({ port }: RedisServer): Redis {
  const redis = new Redis(port, HOST, {
    connectionName: 'chaos',
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: 1_000,
    commandTimeout: 3_000,
  });
  // Every command says so itself.
  redis.on('error', () => undefined);
  return redis;
}

/** A connection of the harness’s own to the whole world. */
export function openWorld(direct: RedisSettings): Redis | Cluster {
  if (direct.kind === 'alone') return new Redis(direct.port, direct.host);
  if (direct.kind === 'cluster') return new Cluster([...direct.nodes]);
  return new Redis({ sentinels: [...direct.sentinels], name: direct.name });
}
