import type { Socket } from 'node:net';
import {
  type Clock,
  type FleetExporter,
  type FleetState,
  isGoflowError,
  type ServerRecord,
} from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { answerOf } from '../doctor/answers.js';
import { parseInfo } from '../redis-audit.js';
import { isReady } from '../redis-connection.js';
import { brokerUnavailable } from '../redis-reply-error.js';
import { ExporterLease } from './exporter-lease.js';
import type { Fleet } from './fleet.js';
import { listToldQueues } from './list-queues.js';

/** What {@link BullMqExporter} is made with. */
export interface BullMqExporterOptions {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly report: (error: Error) => void;
}

/** Tells what is true of all queues of one prefix, and holds the election in Redis. See {@link ExporterLease}. */
export class BullMqExporter implements FleetExporter {
  readonly #options: BullMqExporterOptions;
  readonly #lease: ExporterLease;

  constructor(options: BullMqExporterOptions) {
    this.#options = options;
    this.#lease = new ExporterLease(options);
  }

  get isElected(): boolean {
    return this.#lease.isHeld;
  }

  claim(group?: string): Promise<boolean> {
    return this.#lease.claim(group);
  }

  resign(): Promise<void> {
    return this.#lease.resign();
  }

  /** Before the connection is closed. Always ends, within 500 ms. */
  close(): Promise<void> {
    return this.#lease.close();
  }

  async look(): Promise<FleetState> {
    try {
      return await this.#look();
    } catch (error) {
      // Such as a right that is missing: who asks has no log, and nothing would be shown for ever.
      if (!isGoflowError(error, 'BROKER_UNAVAILABLE')) this.#options.report(error as Error);
      throw error;
    }
  }

  async #look(): Promise<FleetState> {
    const { redis, prefix, fleet, clock, report } = this.#options;
    // A command that waits for the connection is of no use to anybody by then.
    const within = <T>(command: () => Promise<T>): Promise<T> =>
      isReady(redis) ? command() : Promise.reject(brokerUnavailable(0, false, undefined));
    const [queues, workers, servers] = await Promise.all([
      listToldQueues({ redis, prefix, within, report }),
      within(() => fleet.workers()),
      within(() => readServers(redis)),
    ]);
    return { at: clock.now(), queues, workers, servers };
  }
}

function readServers(redis: Redis | Cluster): Promise<readonly ServerRecord[]> {
  const servers = redis.isCluster ? (redis as Cluster).nodes('master') : [redis as Redis];
  return Promise.all(servers.map(readServer));
}

/** Where INFO is not allowed, its name is all that is known. */
async function readServer(redis: Redis): Promise<ServerRecord> {
  const info = parseInfo((await answerOf(redis.info())) ?? '');
  const numberOf = (field: string): number | undefined => {
    const text = info.get(field);
    return text === undefined || Number.isNaN(Number(text)) ? undefined : Number(text);
  };
  const policy = info.get('maxmemory_policy');
  return {
    name: nameOf(redis, info.get('tcp_port')),
    usedBytes: numberOf('used_memory'),
    maxBytes: numberOf('maxmemory'),
    connections: numberOf('connected_clients'),
    maxConnections: numberOf('maxclients'),
    evicts: policy === undefined ? undefined : policy !== 'noeviction',
    evicted: numberOf('evicted_keys'),
  };
}

/** As it was given; the master that sentinels named is in no option. */
function nameOf({ options, stream }: Redis, port: string | undefined): string {
  const { host = '127.0.0.1', port: given, path, sentinels } = options;
  if (sentinels) return `${(stream as Partial<Socket>).remoteAddress}:${port ?? ''}`;
  return path ?? `${host}:${given ?? 6_379}`;
}
