import type { WorkerRecord } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { ALIVE_MS } from '../fleet/fleet-scripts.js';
import { fleetKey } from '../keys.js';

const PAGE = 500;
const MAX_WORKERS = 5_000;

/**
 * The workers that are alive at `now`, by Redis's clock: at most 5,000. Unlike the fleet's own question it leaves no mark of the data, so
 * that a prefix that nobody uses stays empty.
 */
export async function liveWorkers(
  redis: Redis | Cluster,
  prefix: string,
  now: number,
): Promise<readonly WorkerRecord[]> {
  // HSCAN may give an entry twice.
  const found = new Map<string, WorkerRecord>();
  let cursor = '0';
  do {
    const key = fleetKey(prefix, 'workers');
    const [next, entries] = await redis.hscan(key, cursor, 'COUNT', PAGE);
    for (let at = 1; at < entries.length; at += 2) {
      const record = decode(entries[at]);
      if (record && Math.abs(now - record.seenAt) <= ALIVE_MS) found.set(record.name, record);
    }
    cursor = next;
  } while (cursor !== '0' && found.size < MAX_WORKERS);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Somebody else may have written it: `undefined` for what is no record, and what is missing is filled in. */
function decode(stored: string | undefined): WorkerRecord | undefined {
  let record: Partial<WorkerRecord> | null;
  try {
    record = JSON.parse(stored ?? '') as Partial<WorkerRecord> | null;
  } catch {
    return undefined;
  }
  if (typeof record?.name !== 'string' || typeof record.seenAt !== 'number') return undefined;
  const { types, queues, version, state, eventLoopLagMs } = record;
  return {
    ...(record as WorkerRecord),
    types: Array.isArray(types) ? types.filter((type) => typeof type === 'string') : [],
    queues: typeof queues === 'object' && queues !== null ? queues : {},
    version: String(version),
    state: String(state),
    eventLoopLagMs: Number(eventLoopLagMs) || 0,
  };
}
