import type {
  AuditRecord,
  ConcurrencyRule,
  ConcurrencyScope,
  Duration,
  FleetChange,
  QueueRecord,
  QueuesOptions,
} from '@goflow/shared';
import type { QueueLoad } from './read-rates.js';

/** Who makes a change: 1 to 200 characters, kept in the audit trail. */
export interface ChangeOptions {
  /** @default the user and host of this process, such as 'ada@web-1' */
  readonly by?: string | undefined;
}

/** Steers all workers at once: `goflow.fleet`. */
export interface GoflowFleet {
  /**
   * Says how many tasks each worker of a scope runs at once, in each of its queues: running workers within a second, those that start
   * later from their start. Of several rules that fit a worker's queue the most specific counts: one that names the queue before one that
   * does not, then the one with more labels, then the newest. A worker keeps to its own bounds; one that was set by itself
   * (`PATCH /concurrency`) stays as it is until it is reset.
   *
   * @param concurrency 0 (take nothing) to 10,000
   * @throws OPTION_INVALID, BROKER_UNAVAILABLE, BROKER_REFUSED
   * @example await goflow.fleet.setConcurrency(20, { queue: 'images', labels: { region: 'eu' } });
   */
  setConcurrency(
    concurrency: number,
    options?: ConcurrencyScope & ChangeOptions,
  ): Promise<FleetChange>;
  /** Takes a rule back: what is left of the rules counts, else what the worker was started with. */
  resetConcurrency(options?: ConcurrencyScope & ChangeOptions): Promise<FleetChange>;
  /** The rules, the most specific first. */
  rules(): Promise<readonly ConcurrencyRule[]>;
  /** Nothing more is taken from a queue until it is resumed; what runs goes on. @throws QUEUE_UNKNOWN */
  pause(queue: string, options?: ChangeOptions): Promise<FleetChange>;
  resume(queue: string, options?: ChangeOptions): Promise<FleetChange>;
  /**
   * All queues that hold, or held, tasks, by name: those that goflow's clients and workers told of.
   *
   * @param options `search`: looks through all keys of Redis, for queues that only other programs push to
   */
  queues(options?: QueuesOptions): Promise<readonly QueueRecord[]>;
  /**
   * All queues, as {@link GoflowFleet.queues} lists them, with what became of their tasks of late: tasks a second, and how long 95 of 100
   * waited and ran. Of each queue at most the 200 tasks are looked at that completed last, and the 200 that failed last.
   *
   * @param options `over`: how far back: '500ms' to '1h'. @default '1m'
   */
  rates(options?: { readonly over?: Duration | undefined }): Promise<readonly QueueLoad[]>;
  /** Who changed what and when, newest first. @param options `limit`: 1 to 2,000, 100 by default */
  audit(options?: { readonly limit?: number | undefined }): Promise<readonly AuditRecord[]>;
}
