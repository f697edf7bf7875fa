import type { Redis } from 'ioredis';
import { withRedis } from './ask-redis.js';
import type { RedisServer } from './redis-server.js';

/** From where to where a slot moves. */
export interface SlotMove {
  readonly slot: number;
  readonly from: RedisServer;
  readonly to: RedisServer;
  /** The other masters, which are told of it. */
  readonly others: readonly RedisServer[];
  /** Run when half of the keys are moved. */
  readonly midway?: (() => Promise<void>) | undefined;
}

const KEYS_A_STEP = 100;
const MIGRATE_MS = 1_500;

/** Moves a slot with its keys, as a live reshard does: clients meet ASK during it, and MOVED after it. */
export async function moveClusterSlot(move: SlotMove): Promise<void> {
  await withRedis(move.from, (from) =>
    withRedis(move.to, async (to) => {
      await markSlot(move, from, to);
      const half = Math.ceil(Number(await from.call('CLUSTER', 'COUNTKEYSINSLOT', move.slot)) / 2);
      await moveKeys(move, from, half);
      await move.midway?.();
      await moveKeys(move, from, Number.POSITIVE_INFINITY);
      const toId = await idOf(to);
      // The new owner first: in between, the old one sends clients there.
      await to.call('CLUSTER', 'SETSLOT', move.slot, 'NODE', toId);
      await from.call('CLUSTER', 'SETSLOT', move.slot, 'NODE', toId);
    }),
  );
  const toId = await withRedis(move.to, idOf);
  for (const other of move.others)
    await withRedis(other, (redis) => redis.call('CLUSTER', 'SETSLOT', move.slot, 'NODE', toId));
}

async function markSlot({ slot }: SlotMove, from: Redis, to: Redis): Promise<void> {
  await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(from));
  await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', await idOf(to));
}

/** Moves up to `most` keys of the slot. */
async function moveKeys({ slot, to }: SlotMove, from: Redis, most: number): Promise<void> {
  for (let left = most; left > 0; ) {
    const step = Math.min(left, KEYS_A_STEP);
    const keys = (await from.callBuffer('CLUSTER', 'GETKEYSINSLOT', slot, step)) as Buffer[];
    if (keys.length === 0) return;
    await from.call('MIGRATE', '127.0.0.1', to.port, '', 0, MIGRATE_MS, 'KEYS', ...keys);
    left -= keys.length;
  }
}

async function idOf(redis: Redis): Promise<string> {
  return String(await redis.call('CLUSTER', 'MYID'));
}
