import { randomUUID } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { defineScript } from '../inspector/script.js';
import { fleetKey } from '../keys.js';
import { isReady } from '../redis-connection.js';

/** For so long a process is elected without a sign of life. */
const HELD_MS = 6_000;
const RENEW_MS = 2_000;
/** Those that wait for the end of a lease do not all come at once. */
const SPREAD_MS = 200;
/** Who was not asked for so long is scraped no more: twice, and a little more, what Prometheus waits between two scrapes unless told otherwise. */
const WANTED_MS = 150_000;
const RESIGN_MS = 500;

/**
 * KEYS: the lease. ARGV: who asks, how long it is to hold in milliseconds; 0 gives it back. Output: 0 when it is who asks, else in how many
 * milliseconds the lease of another ends. One that never ends was not made here.
 */
const hold = defineScript<number>(
  'goflowExporter',
  `
local owner, left = redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])
if owner and owner ~= ARGV[1] and left > 0 then return left end
if ARGV[2] ~= '0' then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
elseif owner == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0`,
);

/** Where the lease is. */
export interface ExporterLeaseOptions {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  /** Told of what Redis refuses. */
  readonly report: (error: Error) => void;
}

/**
 * A lease that one process of a prefix, and of a group, holds at a time, among those that claim it: 6 s, renewed every 2 s. One that was killed is followed by
 * another when its lease is over, one that resigns at once. Who was not asked for 150 s gives it back. Its timer does not keep the process alive.
 */
export class ExporterLease {
  readonly #options: ExporterLeaseOptions;
  #key: string;
  readonly #owner = randomUUID();
  #heldUntil = Number.NEGATIVE_INFINITY;
  #wantedUntil = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ExporterLeaseOptions) {
    this.#options = options;
    this.#key = fleetKey(options.prefix, 'exporter');
  }

  /** False as soon as the lease may be over, whatever Redis would say. */
  get isHeld(): boolean {
    return performance.now() < this.#heldUntil;
  }

  /** Wants it for the next 150 s, always of the same group. Never rejects; while Redis is away it is false at once, while Redis hangs it stays open. */
  async claim(group?: string): Promise<boolean> {
    const part = group === undefined ? 'exporter' : (`exporter:${group}` as const);
    this.#key = fleetKey(this.#options.prefix, part);
    this.#wantedUntil = performance.now() + WANTED_MS;
    if (!this.isHeld) await this.#ask();
    return this.isHeld;
  }

  /** Gives it back, and wants it no more. Always ends, within 500 ms. */
  async resign(): Promise<void> {
    this.#wantedUntil = Number.NEGATIVE_INFINITY;
    clearTimeout(this.#timer);
    const { redis } = this.#options;
    // A claim that is on its way is answered before this.
    const mayHold = this.isHeld || this.#asking !== undefined;
    this.#heldUntil = Number.NEGATIVE_INFINITY;
    if (!mayHold || !isReady(redis)) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, RESIGN_MS);
    });
    const given = hold(redis, [this.#key], [this.#owner, 0]).catch(() => undefined);
    await Promise.race([given, patience]);
    clearTimeout(timer);
  }

  /** Resigns for good. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.resign();
  }

  /** One question at a time: while Redis hangs they would heap up. */
  #ask(): Promise<void> {
    this.#asking ??= this.#question().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #question(): Promise<void> {
    clearTimeout(this.#timer);
    const { redis, report } = this.#options;
    let waitMs = RENEW_MS;
    try {
      if (isReady(redis) && !this.#isClosed) {
        const sentAt = performance.now();
        const leftMs = await hold(redis, [this.#key], [this.#owner, HELD_MS]);
        const isMine = leftMs === 0 && this.#isWanted;
        this.#heldUntil = isMine ? sentAt + HELD_MS : Number.NEGATIVE_INFINITY;
        if (leftMs > 0) waitMs = leftMs + Math.random() * SPREAD_MS;
      }
    } catch (error) {
      report(error as Error);
    }
    if (this.#isWanted) this.#askIn(waitMs);
  }

  get #isWanted(): boolean {
    return !this.#isClosed && performance.now() < this.#wantedUntil;
  }

  #askIn(ms: number): void {
    this.#timer = setTimeout(() => {
      void (this.#isWanted ? this.#ask() : this.resign());
    }, ms);
    this.#timer.unref();
  }
}
