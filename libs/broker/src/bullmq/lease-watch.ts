import { Worker as Thread } from 'node:worker_threads';
import type { Cluster, Redis, RedisOptions } from 'ioredis';

/** The options of a connection that can be handed to another thread: no functions. */
export type HandedOnOptions = Pick<RedisOptions, (typeof HANDED_ON)[number]>;

/** How the thread is to reach Redis. */
export interface WatchConnection {
  readonly options: HandedOnOptions;
  /** For a cluster: where it can be found. */
  readonly nodes?: readonly { readonly host: string; readonly port: number }[] | undefined;
}

/** What the thread is started with. */
export interface WatchData {
  /** Counts up while the main thread's event loop turns. */
  readonly beat: Int32Array;
  readonly connection: WatchConnection;
  readonly leaseMs: number;
}

/** A worker of BullMQ whose leases are watched over. */
export interface WatchedWorker {
  /** What its lock tokens begin with. */
  readonly id: string;
  /** What the keys of its queue begin with, the colon included. */
  readonly keyBase: string;
}

/** Options that can be handed to another thread and are needed to connect. */
const HANDED_ON = [
  'host',
  'port',
  'path',
  'family',
  'db',
  'username',
  'password',
  'tls',
  'sentinels',
  'name',
  'sentinelUsername',
  'sentinelPassword',
  'sentinelTLS',
  'enableTLSForSentinelMode',
  'natMap',
  'protocol',
] as const;

/**
 * Keeps the leases of tasks whose handler blocks the event loop. Nothing of this thread runs then, not even BullMQ's renewal: the
 * task would run again elsewhere while it still runs here, and then be refused its result. A second thread sees that the
 * beat has stopped and renews in its place, up to ten leases long. It costs nothing a task.
 */
export class LeaseWatch {
  readonly #beat = new Int32Array(new SharedArrayBuffer(4));
  readonly #thread: Thread;
  readonly #pulse: NodeJS.Timeout;

  constructor(redis: Redis | Cluster, leaseMs: number, report: (error: unknown) => void) {
    const data: WatchData = { beat: this.#beat, connection: connectionOf(redis), leaseMs };
    this.#thread = new Thread(new URL('./lease-watch-thread.js', import.meta.url), {
      workerData: data,
      name: 'goflow-lease-watch',
    });
    this.#thread.on('error', report);
    this.#thread.unref();
    this.#pulse = setInterval(() => Atomics.add(this.#beat, 0, 1), leaseMs / 24);
    this.#pulse.unref();
  }

  watch(worker: WatchedWorker): void {
    this.#thread.postMessage(worker);
  }

  async close(): Promise<void> {
    clearInterval(this.#pulse);
    await this.#thread.terminate();
  }
}

function connectionOf(redis: Redis | Cluster): WatchConnection {
  if (!redis.isCluster) return { options: handedOn((redis as Redis).options) };
  const cluster = redis as Cluster;
  const nodes = cluster
    .nodes('master')
    .map(({ options: { host = '', port = 0 } }) => ({ host, port }));
  return { options: handedOn(cluster.options.redisOptions ?? {}), nodes };
}

function handedOn(options: object): HandedOnOptions {
  const given = options as Readonly<Record<string, unknown>>;
  const kept = HANDED_ON.filter((name) => given[name] !== undefined && given[name] !== null);
  return Object.fromEntries(kept.map((name) => [name, cloneable(given[name])]));
}

/** What another thread can be given of a value: functions and handles stay behind. */
function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    if (typeof value !== 'object' || value === null) return undefined;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cloneable(item)]));
  }
}
