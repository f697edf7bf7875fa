import { askRedis } from './ask-redis.js';
import type { RedisServer } from './redis-server.js';

/** One node as one of the nodes sees it. */
export interface ClusterNode {
  readonly id: string;
  readonly port: number;
  /** Where the nodes talk to each other. */
  readonly busPort: number;
  readonly isMaster: boolean;
  /** Of a replica. */
  readonly masterId: string | undefined;
  /** Of two that say they own a slot, the higher one is right. */
  readonly configEpoch: number;
  /** First and last slot of each run. */
  readonly slots: readonly (readonly [number, number])[];
}

/** What `server` knows of its cluster. */
export async function clusterNodes(server: RedisServer): Promise<readonly ClusterNode[]> {
  return readNodes(String(await askRedis(server, 'CLUSTER', 'NODES')));
}

/** Reads a reply of `CLUSTER NODES`. */
export function readNodes(reply: string): readonly ClusterNode[] {
  return reply.trimEnd().split('\n').map(readNode);
}

/** The master that owns the slot, in the views of several nodes: they learn of a failover one after another. */
export function ownerOf(slot: number, views: readonly ClusterNode[]): ClusterNode | undefined {
  const claims = views.filter(
    ({ isMaster, slots }) =>
      isMaster && slots.some(([first, last]) => first <= slot && slot <= last),
  );
  return claims.sort((a, b) => b.configEpoch - a.configEpoch)[0];
}

/** Reads `<id> <ip:port@bus> <flags> <master> <ping> <pong> <epoch> <link> <slots…>`; `[slot->-id]` is a slot on its way. */
function readNode(line: string): ClusterNode {
  const [id = '', address = '', flags = '', masterId = '', , , epoch = '', , ...slots] =
    line.split(' ');
  const [, port, busPort] = /:(\d+)@(\d+)/.exec(address) ?? [];
  return {
    id,
    port: Number(port),
    busPort: Number(busPort),
    isMaster: flags.includes('master'),
    masterId: masterId === '-' ? undefined : masterId,
    configEpoch: Number(epoch),
    slots: slots.filter((run) => !run.startsWith('[')).map(readSlots),
  };
}

function readSlots(run: string): readonly [number, number] {
  const [first = '', last = first] = run.split('-');
  return [Number(first), Number(last)];
}
