import { freePort } from '../machine/free-port.js';
import { PortTakenError } from '../process/server-process.js';
import { until } from '../wait/until.js';
import { askRedis, infoFields } from './ask-redis.js';
import { clusterNodes, ownerOf } from './cluster-nodes.js';
import type { RedisAddress } from './redis-address.js';
import { RedisServer } from './redis-server.js';
import { allOrThrow, REPLICATED_ARGS, restartStopped, running, stopAll } from './server-group.js';
import { moveClusterSlot } from './slot-move.js';

/** How {@link RedisCluster.start} starts its nodes. */
export interface RedisClusterOptions {
  /** From 1. With less than 3 no replica can take over: masters vote. @default 3 */
  readonly masters?: number | undefined;
  /** Of each master. @default 1 */
  readonly replicas?: number | undefined;
  /** After how long without an answer a node is taken for down. @default 1_000 */
  readonly nodeTimeoutMs?: number | undefined;
  /** More arguments of every node. */
  readonly args?: readonly string[] | undefined;
}

/** How {@link RedisCluster.moveSlot} moves. */
export interface MoveSlotOptions {
  /** Run while the slot is between its owners, half of its keys moved: the old owner answers ASK for those. */
  readonly midway?: (() => Promise<void>) | undefined;
}

const SLOTS = 16_384;
/** Several nodes start at once, and may choose the same port. */
const PORT_ATTEMPTS = 3;
const NODE_ARGS = [
  ['--cluster-enabled', 'yes'],
  ['--cluster-require-full-coverage', 'no'],
  ['--cluster-announce-ip', '127.0.0.1'],
  ...REPLICATED_ARGS,
].flat();

/**
 * A Redis Cluster of real processes on 127.0.0.1, each with an append-only file. Kill, freeze or restart nodes through
 * {@link servers}.
 */
export class RedisCluster implements AsyncDisposable {
  /** Where all nodes listen: what a client of a cluster is given. */
  readonly nodes: readonly RedisAddress[];
  /** The first masters, then their replicas. */
  readonly servers: readonly RedisServer[];
  readonly #masters: number;

  private constructor(servers: readonly RedisServer[], masters: number) {
    this.servers = servers;
    this.nodes = servers.map(({ port }) => ({ host: '127.0.0.1', port }));
    this.#masters = masters;
  }

  /**
   * Starts the nodes, shares out the slots evenly, and is ready when all is whole.
   *
   * @throws Error when that does not come within 30 s.
   */
  static async start(options: RedisClusterOptions = {}): Promise<RedisCluster> {
    const { masters = 3, replicas = 1, nodeTimeoutMs = 1_000, args = [] } = options;
    const more = ['--cluster-node-timeout', `${nodeTimeoutMs}`, ...args];
    const started: RedisServer[] = [];
    try {
      const nodes = Array.from({ length: masters * (1 + replicas) }, () =>
        startNode(more, started),
      );
      const cluster = new RedisCluster(await allOrThrow(nodes), masters);
      await cluster.#join();
      await cluster.waitUntilWhole();
      return cluster;
    } catch (error) {
      await stopAll(started);
      throw error;
    }
  }

  /** The master that owns the key's slot now; while that is dead and not replaced, the dead one. */
  async masterOf(key: string): Promise<RedisServer> {
    return this.#ownerOf(await this.#slotOf(key));
  }

  /**
   * The first running replica of a master.
   *
   * @throws Error when there is none.
   */
  async replicaOf(master: RedisServer): Promise<RedisServer> {
    const known = await clusterNodes(this.#anyone());
    const masterId = known.find(({ port }) => port === master.port)?.id;
    const ports = known.filter((node) => node.masterId === masterId).map(({ port }) => port);
    const found = running(this.servers).find(({ port }) => ports.includes(port));
    if (found === undefined) throw new Error(`the node on port ${master.port} has no replica`);
    return found;
  }

  /** Moves the slot of `key`, with all keys in it, to the master `to` while clients go on. */
  async moveSlot(key: string, to: RedisServer, options: MoveSlotOptions = {}): Promise<void> {
    const slot = await this.#slotOf(key);
    const from = await this.#ownerOf(slot);
    const known = await clusterNodes(to);
    const masters = known.filter(({ isMaster }) => isMaster).map(({ port }) => port);
    const others = running(this.servers).filter(
      (server) => server !== from && server !== to && masters.includes(server.port),
    );
    await moveClusterSlot({ slot, from, to, others, midway: options.midway });
  }

  /**
   * Waits until every node that runs says cluster_state:ok with all slots served by nodes that run, and every replica that runs is in
   * step. Replicas that were killed, and not restarted, are not waited for.
   *
   * @throws Error when the time is over.
   */
  async waitUntilWhole(timeoutMs = 30_000): Promise<void> {
    const isWhole = async (): Promise<boolean> => {
      const nodes = running(this.servers);
      const ports = nodes.map(({ port }) => port);
      return (await Promise.all(nodes.map((node) => isNodeWhole(node, ports)))).every(Boolean);
    };
    await until(isWhole, { what: 'the cluster to be whole', timeoutMs, everyMs: 50 });
  }

  /** Starts again what was killed, and waits until all is whole. */
  async restartKilled(): Promise<void> {
    await restartStopped(this.servers);
    await this.waitUntilWhole();
  }

  /** Ends all of them and removes their data. Safe to call twice. */
  async stop(): Promise<void> {
    await stopAll(this.servers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #join(): Promise<void> {
    const masters = this.servers.slice(0, this.#masters);
    await Promise.all(masters.map((server, at) => giveSlots(server, at, masters.length)));
    // Everyone meets everyone, and nobody waits for gossip.
    await meetAll(this.servers);
    const all = await Promise.all(
      this.servers.map((server) => askRedis(server, 'CLUSTER', 'MYID')),
    );
    const ids = all.map(String);
    // Until they have shaken hands they know each other by passing ids.
    const isKnown = async (): Promise<boolean> => {
      const views = await Promise.all(this.servers.map(clusterNodes));
      return views.every((known) => ids.every((id) => known.some((node) => node.id === id)));
    };
    await until(isKnown, { what: 'the nodes to know each other', everyMs: 50 });
    const replicas = this.servers.slice(this.#masters);
    await Promise.all(
      replicas.map((server, at) =>
        askRedis(server, 'CLUSTER', 'REPLICATE', ids[at % masters.length] ?? ''),
      ),
    );
  }

  #anyone(): RedisServer {
    const found = running(this.servers)[0];
    if (found === undefined) throw new Error('no node of this cluster runs');
    return found;
  }

  async #slotOf(key: string): Promise<number> {
    return Number(await askRedis(this.#anyone(), 'CLUSTER', 'KEYSLOT', key));
  }

  async #ownerOf(slot: number): Promise<RedisServer> {
    const views = await Promise.all(running(this.servers).map(clusterNodes));
    const owner = ownerOf(slot, views.flat());
    const found = this.servers.find(({ port }) => port === owner?.port);
    if (found === undefined) throw new Error(`nobody owns slot ${slot}`);
    return found;
  }
}

async function startNode(args: readonly string[], started: RedisServer[]): Promise<RedisServer> {
  for (let attempt = 1; ; attempt += 1) {
    // By itself a node takes its port + 10_000, where the system has outgoing connections.
    const bus = ['--cluster-port', `${await freePort()}`];
    try {
      const server = await RedisServer.start({ args: [...NODE_ARGS, ...bus, ...args] });
      started.push(server);
      return server;
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function giveSlots(server: RedisServer, at: number, masters: number): Promise<void> {
  const edge = (index: number): number => Math.floor((index * SLOTS) / masters);
  await askRedis(server, 'CLUSTER', 'SET-CONFIG-EPOCH', at + 1);
  await askRedis(server, 'CLUSTER', 'ADDSLOTSRANGE', edge(at), edge(at + 1) - 1);
}

async function meetAll(servers: readonly RedisServer[]): Promise<void> {
  const views = (await Promise.all(servers.map(clusterNodes))).flat();
  const meet = async (server: RedisServer): Promise<void> => {
    for (const { port, busPort } of views)
      if (port !== server.port)
        await askRedis(server, 'CLUSTER', 'MEET', '127.0.0.1', port, busPort);
  };
  await Promise.all(servers.map(meet));
}

async function isNodeWhole(server: RedisServer, ports: readonly number[]): Promise<boolean> {
  const [cluster, replication, known] = await Promise.all([
    askRedis(server, 'CLUSTER', 'INFO').then(infoFields),
    askRedis(server, 'INFO', 'replication').then(infoFields),
    clusterNodes(server),
  ]);
  const owners = known.filter(({ slots }) => slots.length > 0);
  return (
    cluster.get('cluster_state') === 'ok' &&
    cluster.get('cluster_slots_ok') === `${SLOTS}` &&
    owners.every(({ port }) => ports.includes(port)) &&
    (replication.get('role') === 'master' || replication.get('master_link_status') === 'up')
  );
}
