import { setTimeout as delay } from 'node:timers/promises';
import type {
  AuditRecord,
  ConcurrencyRule,
  ConsumeOptions,
  Consumer,
  ConsumerBroker,
  DataLoss,
  WorkerAdvert,
} from '@goflow/shared';
import { checkPrefix, DEFAULT_PREFIX, ENVELOPE_VERSION, GoflowError, toMs } from '@goflow/shared';
import type { WorkerSettings } from './build-worker.js';
import { BullMqConsumer } from './bullmq-consumer.js';
import { Cancellations } from './cancellations.js';
import { Channels } from './channels.js';
import { BullMqExporter } from './fleet/bullmq-exporter.js';
import { FirstRules } from './fleet/first-rules.js';
import { Fleet } from './fleet/fleet.js';
import { FleetRules, newNonce } from './fleet/fleet-rules.js';
import { Heartbeat } from './fleet/heartbeat.js';
import { RedisClock } from './fleet/redis-clock.js';
import { RuleWatch } from './fleet/rule-watch.js';
import { rulesChannel } from './keys.js';
import { LeaseWatch, type WatchedWorker } from './lease-watch.js';
import { auditRedis } from './redis-audit.js';
import { closeRedis, connectConsumer, isReady, type RedisGiven } from './redis-connection.js';
import { brokerRefused, brokerUnavailable, troubleOf } from './redis-reply-error.js';
import { SharedCalls } from './shared-calls/shared-calls.js';
import { checkSharedCalls } from './shared-calls/shared-calls-option.js';
import { Turns } from './suspects.js';
import { TroubleLog } from './trouble-log.js';

/** Options of {@link createBullMqConsumerBroker}. */
export interface BullMqConsumerBrokerOptions {
  readonly redis: RedisGiven;
  /** @default 'goflow' */
  readonly prefix?: string | undefined;
  /**
   * How long a task stays a worker's without a sign of life; then another worker runs it again. Renewed while it runs.
   * '1s' to '1h'. @default '30s'
   */
  readonly lease?: unknown;
  /** False: each task that completes has a call of Redis of its own, BullMQ's. @default true */
  readonly sharedCalls?: boolean | undefined;
  /** What it reads at most: for tests of an older or a newer release. @default what this release reads */
  readonly envelopeVersion?: number | undefined;
  /**
   * Told of what goes wrong beside the tasks: connections, commands refused. Once per 10 s for one kind, with the number of those
   * held back. @default nobody
   */
  readonly onTrouble?: ((error: Error, repeated: number) => void) | undefined;
  /** Told when Redis has lost its data, or has others. @default nobody */
  readonly onDataLost?: ((loss: DataLoss) => void) | undefined;
  /** Told how long Redis took to answer a sign of life, in milliseconds: every 4 s. @default nobody */
  readonly onAnswered?: ((roundTripMs: number) => void) | undefined;
}

const PING_MS = 1_000;
const MAX_CHANGES_ON_THEIR_WAY = 100;

/**
 * The worker's broker on BullMQ. Connects at once, in the background, and waits for Redis for ever.
 *
 * @throws OPTION_INVALID
 */
export function createBullMqConsumerBroker(options: BullMqConsumerBrokerOptions): ConsumerBroker {
  return new BullMqConsumerBroker(options);
}

class BullMqConsumerBroker implements ConsumerBroker {
  readonly clock: RedisClock;
  readonly envelopeVersion: number;
  readonly exporter: BullMqExporter;
  readonly #settings: WorkerSettings;
  readonly #fleet: Fleet;
  readonly #heartbeat: Heartbeat;
  readonly #channels: Channels;
  readonly #rules: FleetRules;
  readonly #ruleWatch: RuleWatch;
  #changesOnTheirWay = 0;
  #leaseWatch: LeaseWatch | undefined;
  #closed = false;

  constructor(options: BullMqConsumerBrokerOptions) {
    const prefix = checkPrefix(options.prefix ?? DEFAULT_PREFIX);
    const leaseMs = toMs('lease', options.lease ?? '30s', { minMs: 1_000, maxMs: 3_600_000 });
    const isOn = checkSharedCalls(options.sharedCalls);
    this.envelopeVersion = options.envelopeVersion ?? ENVELOPE_VERSION;
    const { redis } = connectConsumer(options.redis);
    const report = this.#listenFor(redis, options.onTrouble);
    this.#fleet = new Fleet({ redis, prefix, onDataLost: options.onDataLost });
    this.clock = new RedisClock({ time: () => this.#fleet.time() });
    const { onAnswered } = options;
    this.#heartbeat = new Heartbeat({ fleet: this.#fleet, clock: this.clock, report, onAnswered });
    const connection = { redis, prefix, report };
    this.exporter = new BullMqExporter({ ...connection, fleet: this.#fleet, clock: this.clock });
    this.#channels = new Channels({ redis, report });
    const cancellations = new Cancellations({ redis, prefix, report, channels: this.#channels });
    this.#heartbeat.onBeat(() => cancellations.check());
    this.#rules = new FleetRules({ redis, prefix, report });
    const first = new FirstRules(() => this.#rules.readVersion());
    this.#ruleWatch = new RuleWatch({
      read: () => first.read(),
      channels: this.#channels,
      channel: rulesChannel(prefix),
      ...(redis.isCluster && { glance: () => this.#rules.version() }),
      report,
    });
    this.#heartbeat.onBeat(() => this.#ruleWatch.look(this.#fleet.rulesVersion));
    const ready = (): Promise<void> => this.#ruleWatch.ready();
    const again = (): void => void this.#ruleWatch.look();
    const allowed = (signal: AbortSignal): Promise<void> => first.allowed(again, signal);
    const watch = (worker: WatchedWorker): void => this.#watch(worker);
    const shared = new SharedCalls({ redis, isOn, report });
    const turns = new Turns();
    this.#settings = {
      redis,
      prefix,
      leaseMs,
      report,
      clock: this.clock,
      cancellations,
      watch,
      shared,
      turns,
      ready,
      allowed,
    };
  }

  /** @returns what reports the trouble of others, as that of the connection is reported */
  #listenFor(
    redis: WorkerSettings['redis'],
    onTrouble: BullMqConsumerBrokerOptions['onTrouble'] = () => undefined,
  ): (error: unknown) => void {
    const troubles = new TroubleLog(onTrouble);
    const report = (error: unknown): void => troubles.report(error);
    redis.on('error', report);
    redis.on('close', () => {
      if (!this.#closed) report(new Error('Connection is closed.'));
    });
    return report;
  }

  advertise(advert: () => WorkerAdvert): void {
    this.#heartbeat.start(advert);
  }

  advertiseNow(): void {
    this.#heartbeat.hurry();
  }

  watchRules(listener: (rules: readonly ConcurrencyRule[]) => void): void {
    this.#ruleWatch.watch(listener);
  }

  async recordChange(change: Omit<AuditRecord, 'at'>): Promise<void> {
    // While Redis is away they would heap up.
    if (this.#changesOnTheirWay >= MAX_CHANGES_ON_THEIR_WAY) return;
    this.#changesOnTheirWay += 1;
    try {
      await this.#rules.record(change, newNonce());
    } catch (error) {
      this.#settings.report(error);
      throw error;
    } finally {
      this.#changesOnTheirWay -= 1;
    }
  }

  lastAdvertised(type: string): Promise<number | undefined> {
    return this.#fleet.lastAdvertised(type);
  }

  consume(options: ConsumeOptions): Consumer {
    const consumer = new BullMqConsumer(options, this.#settings);
    this.#heartbeat.onBeat(() => consumer.look());
    return consumer;
  }

  async ping(): Promise<void> {
    if (this.#closed) throw new GoflowError('WORKER_STOPPED', 'the worker is stopped');
    const { redis } = this.#settings;
    if (!isReady(redis))
      throw brokerUnavailable(0, false, new Error(`the connection is ${redis.status}`));
    const timeout = new AbortController();
    const late = delay(PING_MS, 'late', { signal: timeout.signal }).catch(() => 'late');
    const answer = await Promise.race([redis.ping(), late]).catch((error: unknown) => {
      const trouble = troubleOf(error);
      throw 'word' in trouble
        ? brokerRefused(trouble.word, error)
        : brokerUnavailable(PING_MS, true, error);
    });
    timeout.abort();
    if (answer === 'late') throw brokerUnavailable(PING_MS, true, undefined);
  }

  audit(): Promise<readonly string[]> {
    return auditRedis(this.#settings.redis);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ruleWatch.close();
    await Promise.all([this.#heartbeat.stop(), this.exporter.close()]);
    await this.#settings.cancellations.close();
    await this.#channels.close();
    await this.#leaseWatch?.close();
    await closeRedis(this.#settings.redis);
  }

  /** One thread watches over all queues; it starts with the first. */
  #watch(worker: WatchedWorker): void {
    if (this.#closed) return;
    const { redis, leaseMs, report } = this.#settings;
    try {
      this.#leaseWatch ??= new LeaseWatch(redis, leaseMs, report);
      this.#leaseWatch.watch(worker);
    } catch (error) {
      // Tasks run without it, too; only a blocked event loop is not watched.
      report(error);
    }
  }
}
