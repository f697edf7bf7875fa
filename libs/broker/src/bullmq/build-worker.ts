import { setTimeout as delay } from 'node:timers/promises';
import {
  type BackendFactory,
  QueueKeys,
  RedisConnection,
  RedisQueueBackend,
  type WorkerOptions,
} from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { replyOf } from './after-end.js';
import { BullWorker, type JobListener } from './bull-worker.js';
import type { Cancellations } from './cancellations.js';
import type { RedisClock } from './fleet/redis-clock.js';
import { type GuardOptions, guardBackend } from './guard-backend.js';
import { bullQueueName } from './keys.js';
import type { WatchedWorker } from './lease-watch.js';
import { readableJobs } from './readable-jobs.js';
import { connectBlocking, isReady, startConnecting } from './redis-connection.js';
import { inRedisTime } from './redis-time.js';
import type { SharedCalls } from './shared-calls/shared-calls.js';
import type { Turns } from './suspects.js';

/** What all consumers of one worker share. */
export interface WorkerSettings {
  readonly clock: RedisClock;
  readonly cancellations: Cancellations;
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  /** How long a task stays a worker's without a sign of life. */
  readonly leaseMs: number;
  /** Told of every trouble; it keeps the flood back. */
  readonly report: (error: unknown) => void;
  /** Watches over the leases of a worker; called when it is connected. */
  readonly watch: (worker: WatchedWorker) => void;
  readonly shared: SharedCalls;
  /** Of the tasks that may have taken a worker down. */
  readonly turns: Turns;
  /** What is waited for, for a while, before the first task is taken. @default nothing */
  readonly ready?: (() => Promise<void>) | undefined;
  /** What is waited for after that, until it is so. @default nothing */
  readonly allowed?: ((signal: AbortSignal) => Promise<void>) | undefined;
}

/** What one worker is built with. */
export interface BuildOptions extends WorkerSettings, GuardOptions {
  readonly queue: string;
  /** What the worker is called in the history of tasks. */
  readonly name: string;
}

const REBUILD_MS = 1_000;

/** BullMQ's settings for a worker. Sources of the values: docs/decisions/0003. */
function workerOptions({ redis, prefix, leaseMs, name }: BuildOptions): WorkerOptions {
  return {
    connection: redis,
    prefix,
    name,
    autorun: false,
    lockDuration: leaseMs,
    stalledInterval: leaseMs / 2,
    // A process that dies counts against every task it ran, the innocent too: BullMQ's own limit of 1 fails them.
    maxStalledCount: 10,
    // Seconds of one blocking wait for tasks.
    drainDelay: 10,
    // While Redis is away. BullMQ's own 15 s is half a lease.
    runRetryDelay: 1_000,
    // Kept until the sweeper takes them: retention is goflow's.
    removeOnComplete: { count: -1 },
    removeOnFail: { count: -1 },
  };
}

/**
 * Builds a worker and waits until it is connected; builds another when the first could not be made, because BullMQ never
 * recovers one whose first commands failed. `undefined` when the consumer closed meanwhile.
 */
export async function buildWorker(
  listener: JobListener,
  options: BuildOptions,
): Promise<BullWorker | undefined> {
  startConnecting(options.redis);
  while (!options.signal.aborted) {
    const worker = makeWorker(listener, options);
    try {
      await orAborted(worker.waitUntilReady(), options.signal);
      if (!options.signal.aborted) {
        options.watch({ id: worker.id, keyBase: worker.toKey('') });
        return worker;
      }
    } catch (error) {
      options.report(error);
    }
    await closeWorker(worker, 0);
    await delay(REBUILD_MS, undefined, { signal: options.signal }).catch(() => undefined);
  }
  return undefined;
}

const blockingConnections = new WeakMap<BullWorker, Redis | Cluster>();

/**
 * Ends the blocking wait for tasks, of a worker that is to take nothing; BullMQ connects again by itself. A connection that is away waits for
 * nothing, and must be left alone: ioredis then forgets that it was to connect again and ends nothing that was asked, and the worker, told to go
 * on, would wait for an answer for ever (6.0.0, `disconnect` while `reconnecting`).
 */
export async function endBlockingWait(worker: BullWorker): Promise<void> {
  const blocking = blockingConnections.get(worker);
  if (!blocking || !isReady(blocking)) return;
  // Asked to end before, and not gone yet.
  if (!blocking.isCluster && (blocking as Redis).stream.writableEnded) return;
  await worker.getBackend().disconnectBlocking(false);
}

function makeWorker(listener: JobListener, options: BuildOptions): BullWorker {
  const blocking = connectBlocking(options.redis);
  const name = bullQueueName(options.queue);
  const worker = new BullWorker(
    name,
    listener,
    workerOptions(options),
    backendFactory(blocking, options),
  );
  blockingConnections.set(worker, blocking);
  worker.on('error', options.report);
  return worker;
}

/** As BullMQ's own factory, but with connections that goflow holds in its hand, and what goflow adds around it. */
function backendFactory(blocking: Redis | Cluster, options: BuildOptions): BackendFactory {
  return (name, backendOptions) => {
    const keys = new QueueKeys(options.prefix);
    const named = keys.getKeys(name);
    // The two ends that BullMQ has no name for.
    for (const end of ['cancelled', 'expired']) named[end] = keys.toKey(name, end);
    const backend = new RedisQueueBackend(
      quietConnection(options.redis, { shared: true, blocking: false }),
      name,
      named,
      (part: string) => keys.toKey(name, part),
      backendOptions,
      quietConnection(blocking, { shared: false, blocking: true }),
    );
    const { prefix, shared, clock } = options;
    shared.ofWorker(backend, {
      options: backendOptions,
      replyOf: (job, finishedAt) => replyOf(prefix, job, finishedAt),
    });
    return guardBackend(inRedisTime(readableJobs(backend, options), clock), options);
  };
}

/**
 * A connection that does not print to stderr what goflow says itself: `auditRedis` tells of the version and of eviction. BullMQ takes a
 * server that it does not ask for Redis 5, which cannot block for parts of a second; every Redis that goflow works with can.
 */
function quietConnection(
  redis: Redis | Cluster,
  how: { readonly shared: boolean; readonly blocking: boolean },
): RedisConnection {
  const connection = new RedisConnection(redis, { ...how, skipVersionCheck: true });
  Object.defineProperty(connection, 'capabilities', {
    get: () => CAPABILITIES,
    // BullMQ writes its guess when the connection is ready.
    set: () => undefined,
  });
  return connection;
}

/** Of Redis 6.2; from 7.0.8 on a wait could be of 1 ms, in place of 2. */
const CAPABILITIES = { canDoubleTimeout: true, canBlockFor1Ms: false };

/** Closes a worker that runs nothing any more; after `ms` its connection is cut. */
export async function closeWorker(worker: BullWorker, ms: number): Promise<void> {
  const closing = worker.close();
  // It may never end when Redis is away.
  closing.catch(() => undefined);
  const patience = new AbortController();
  await Promise.race([
    closing,
    delay(ms, undefined, { signal: patience.signal }).catch(() => undefined),
  ]);
  patience.abort();
  const blocking = blockingConnections.get(worker);
  // BullMQ connects it again when its wait for tasks is broken off: were that to come later than this, nobody would close it.
  blocking?.on('connect', () => blocking.disconnect());
  // Disconnecting what has ended would keep the process alive for a while.
  if (blocking && blocking.status !== 'end') blocking.disconnect();
}

async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  work.catch(() => undefined);
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve;
    signal.addEventListener('abort', onAbort, { once: true });
  });
  await Promise.race([work, aborted]);
  if (onAbort) signal.removeEventListener('abort', onAbort);
}
