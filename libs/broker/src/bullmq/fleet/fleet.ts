import type { DataLoss, WorkerAdvert, WorkerRecord } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { fleetKey } from '../keys.js';
import { Epoch } from './epoch.js';
import { ALIVE_MS, BEAT, LEAVE, TIME, TYPES_PER_CALL } from './fleet-scripts.js';
import { tellQueues } from './told-queues.js';

/**
 * A worker cleans up with its first beat, and then with every one of this many: about every half minute. That doubles what a beat costs
 * Redis, and no answer about the fleet depends on it.
 */
const CLEAN_EVERY_BEATS = 8;

/** The types are looked through for forgotten ones at the first beat, and then every this many: about once an hour. */
const TIDY_EVERY_BEATS = 900;

/** Workers in one answer: with 10,000 types each is 200 kB, and to decode 100 of them at once would keep all tasks of this process waiting for half a second. */
const PAGE = 20;

/** Where the fleet is kept. */
export interface FleetOptions {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  /** Told when the data in Redis are not those of before. @default nobody */
  readonly onDataLost?: ((loss: DataLoss) => void) | undefined;
}

interface WithCommands {
  goflowBeat(
    keyCount: number,
    ...args: (string | number)[]
  ): Promise<[now: number, cursor: string, epoch: string | null, rulesVersion: string]>;
  goflowLeave(keyCount: number, ...args: string[]): Promise<void>;
  goflowTime(keyCount: number, ...args: string[]): Promise<[now: number, epoch: string | null]>;
}

/**
 * All workers of one prefix, as they tell of themselves. Times are those of Redis, in milliseconds since 1970, so that no
 * machine's clock decides who is alive. A worker is alive for 12 s after its last beat. Every method makes one question of a few
 * commands, and rejects with the error of the Redis client. With the time comes the mark of the data: see {@link Epoch}.
 */
export class Fleet {
  readonly #redis: Redis | Cluster;
  readonly #commands: WithCommands;
  readonly #keys: readonly [workers: string, seen: string, types: string];
  readonly #epochKey: string;
  readonly #ruleKeys: readonly [rules: string, version: string];
  #rulesVersion: string | undefined;
  readonly #epoch: Epoch;
  readonly #prefix: string;
  /** The queues that were told of, and the mark of the data that this is in. */
  readonly #told = new Set<string>();
  #toldIn: string | null = null;
  #beats = 0;
  /** Where looking through the types goes on; '' when that is not due. */
  #cursor = '';

  constructor({ redis, prefix, onDataLost }: FleetOptions) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#commands = redis as unknown as WithCommands;
    this.#keys = [fleetKey(prefix, 'workers'), fleetKey(prefix, 'seen'), fleetKey(prefix, 'types')];
    this.#epochKey = fleetKey(prefix, 'epoch');
    this.#ruleKeys = [fleetKey(prefix, 'rules'), fleetKey(prefix, 'version')];
    this.#epoch = new Epoch(onDataLost);
    if ('goflowBeat' in redis) return;
    redis.defineCommand('goflowBeat', { lua: BEAT });
    redis.defineCommand('goflowLeave', { lua: LEAVE });
    redis.defineCommand('goflowTime', { lua: TIME });
  }

  /** The version of the fleet's rules, as the last beat found it. */
  get rulesVersion(): string | undefined {
    return this.#rulesVersion;
  }

  /** A sign of life of a worker, which is part of the fleet from now on. Gives the time at Redis. */
  async beat(advert: WorkerAdvert): Promise<number> {
    if (this.#beats % TIDY_EVERY_BEATS === 0) this.#cursor = '0';
    const cleans = this.#beats % CLEAN_EVERY_BEATS === 0 ? '1' : '';
    this.#beats += 1;
    const { name, types } = advert;
    const first = types.slice(0, TYPES_PER_CALL);
    const args = [
      name,
      JSON.stringify(advert),
      this.#cursor,
      cleans,
      this.#epoch.newMark(),
      ...first,
    ];
    const keys = [...this.#keys, this.#epochKey, ...this.#ruleKeys];
    const answer = await this.#commands.goflowBeat(keys.length, ...keys, ...args);
    const [now, cursor, epoch, version] = answer;
    this.#rulesVersion = version;
    this.#epoch.observe(epoch);
    this.#cursor = cursor === '0' ? '' : cursor;
    // Not waited for: the clock is measured by how long this takes.
    void this.#tellQueues(Object.keys(advert.queues), epoch);
    for (let at = TYPES_PER_CALL; at < types.length; at += TYPES_PER_CALL)
      await this.#advertise(types.slice(at, at + TYPES_PER_CALL), now);
    return now;
  }

  /** A worker leaves in good order: it is gone at once, its types within 6 s, unless another worker has them. */
  async leave(name: string): Promise<void> {
    await this.#commands.goflowLeave(3, ...this.#keys, name);
  }

  /** The workers that are alive, by name. What is no record of a worker is passed over. */
  async workers(): Promise<WorkerRecord[]> {
    const [now, found] = await Promise.all([this.time(), this.#allWorkers()]);
    return [...found.values()]
      .filter(({ seenAt }) => isAlive(seenAt, now))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * When a live worker last said that it has a handler for the type; `undefined` when none did in the last 7 days. When one of its
   * workers has just left, the answer may be up to 6 s too early.
   */
  async lastAdvertised(type: string): Promise<number | undefined> {
    const at = await this.#redis.hget(this.#keys[2], type);
    return at === null ? undefined : Number(at);
  }

  /** The types that live workers have handlers for. One small answer, however many workers there are. */
  async liveTypes(): Promise<ReadonlySet<string>> {
    const [now, types] = await Promise.all([this.time(), this.#redis.hgetall(this.#keys[2])]);
    const live = Object.entries(types).filter(([, at]) => isAlive(Number(at), now));
    return new Set(live.map(([type]) => type));
  }

  /** The time at Redis, in milliseconds since 1970. */
  async time(): Promise<number> {
    const [now, epoch] = await this.#commands.goflowTime(1, this.#epochKey, this.#epoch.newMark());
    this.#epoch.observe(epoch);
    return now;
  }

  /** Once for each queue, and anew where the data of Redis are others. What fails is tried again with the next beat. */
  async #tellQueues(queues: readonly string[], epoch: string | null): Promise<void> {
    if (epoch !== this.#toldIn) this.#told.clear();
    this.#toldIn = epoch;
    const fresh = queues.filter((queue) => !this.#told.has(queue));
    if (fresh.length === 0) return;
    try {
      await tellQueues(this.#redis, this.#prefix, fresh);
      for (const queue of fresh) this.#told.add(queue);
    } catch {
      // No trouble: queues can be looked for, too.
    }
  }

  async #advertise(types: readonly string[], now: number): Promise<void> {
    await this.#redis.hset(this.#keys[2], Object.fromEntries(types.map((type) => [type, now])));
  }

  async #allWorkers(): Promise<ReadonlyMap<string, WorkerRecord>> {
    // HSCAN may give an entry twice.
    const found = new Map<string, WorkerRecord>();
    let cursor = '0';
    do {
      const [next, entries] = await this.#redis.hscan(this.#keys[0], cursor, 'COUNT', PAGE);
      for (let at = 1; at < entries.length; at += 2) {
        const record = decode(entries[at]);
        if (record) found.set(record.name, record);
      }
      cursor = next;
    } while (cursor !== '0');
    return found;
  }
}

/** A time far in the future is from before Redis' clock was set back. */
function isAlive(seenAt: number, now: number): boolean {
  return Math.abs(now - seenAt) <= ALIVE_MS;
}

function decode(stored: string | undefined): WorkerRecord | undefined {
  try {
    const record = JSON.parse(stored ?? '') as Partial<WorkerRecord> | null;
    const isRecord =
      typeof record?.name === 'string' &&
      typeof record.seenAt === 'number' &&
      Array.isArray(record.types);
    return isRecord ? (record as WorkerRecord) : undefined;
  } catch {
    return undefined;
  }
}
