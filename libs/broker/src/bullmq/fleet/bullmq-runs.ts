import type { FleetRuns, ToldRun } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import type { Deadline } from '../deadline.js';
import { defineScript } from '../inspector/script.js';
import { fleetKey } from '../keys.js';

const KNOWN_MS = 3_600_000;
/** Each that tells reads all: somebody's loop of small ones is not to make that much. */
const MANY = { count: 100, knownMs: 60_000 };

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * Keeps what is told of a run, drops those that nobody tells of any more, and puts off the end of the key. That a run is to end is a field
 * of its own. KEYS: runs. ARGV: id, run as JSON. Output: 1 when it is to end.
 */
const tellRun = defineScript<number>(
  'goflowTellRun',
  `${NOW}
local runs, id, run = KEYS[1], ARGV[1], ARGV[2]
redis.call('HSET', runs, id, string.format('{"toldAt":%.0f,"run":', now) .. run .. '}')
local all = redis.call('HGETALL', runs)
local known = #all / 2 > ${MANY.count} and ${MANY.knownMs} or ${KNOWN_MS}
for i = 1, #all, 2 do
  local at = string.sub(all[i], 1, 4) == 'end ' and now or tonumber(string.match(all[i + 1], '^{"toldAt":(%d+),') or 0)
  if at < now - known then redis.call('HDEL', runs, all[i], 'end ' .. all[i]) end
end
redis.call('PEXPIRE', runs, ${KNOWN_MS})
return redis.call('HEXISTS', runs, 'end ' .. id)`,
);

/** KEYS: runs. Output: now, then fields and values. */
const listRuns = defineScript<[now: number, ...fields: string[]]>(
  'goflowListRuns',
  `${NOW}
local all = redis.call('HGETALL', KEYS[1])
table.insert(all, 1, now)
return all`,
);

/** One that nobody told of is not noted: its field would stay as long as the key. KEYS: runs. ARGV: id. */
const endRun = defineScript<null>(
  'goflowEndRun',
  `if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then redis.call('HSET', KEYS[1], 'end ' .. ARGV[1], '') end`,
);

/** Where runs are told of. */
export interface BullMqRunsOptions {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  /** Bounds every call: `Deadline.within`. */
  readonly within: Deadline['within'];
}

/** Runs of a fleet, as one hash of Redis. */
export class BullMqRuns implements FleetRuns {
  readonly #redis: Redis | Cluster;
  readonly #keys: readonly [string];
  readonly #within: Deadline['within'];

  constructor({ redis, prefix, within }: BullMqRunsOptions) {
    this.#redis = redis;
    this.#keys = [fleetKey(prefix, 'runs')];
    this.#within = within;
  }

  async tell(id: string, run: object): Promise<boolean> {
    const args = [id, JSON.stringify(run)];
    return (await this.#within(() => tellRun(this.#redis, this.#keys, args))) === 1;
  }

  async list(): Promise<readonly ToldRun[]> {
    const [now, ...fields] = await this.#within(() => listRuns(this.#redis, this.#keys, []));
    return fields.flatMap((id, at) => {
      const told = at % 2 === 0 ? decode(fields[at + 1] ?? '') : undefined;
      return told ? [{ id, run: told.run, silentMs: Math.max(0, now - told.toldAt) }] : [];
    });
  }

  async end(id: string): Promise<void> {
    await this.#within(() => endRun(this.#redis, this.#keys, [id]));
  }
}

/** `undefined` for what is none: somebody may have written there by hand. */
function decode(stored: string): { readonly toldAt: number; readonly run: unknown } | undefined {
  try {
    const value = JSON.parse(stored) as { toldAt?: unknown; run?: unknown } | null;
    const { toldAt, run } = value ?? {};
    return typeof toldAt === 'number' ? { toldAt, run } : undefined;
  } catch {
    return undefined;
  }
}
