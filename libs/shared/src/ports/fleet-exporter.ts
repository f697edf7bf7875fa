import type { QueueRecord } from './fleet-broker.js';
import type { WorkerRecord } from './inspector-broker.js';

/** One server that keeps the queues. What it does not say is `undefined`. */
export interface ServerRecord {
  /** `host:port` */
  readonly name: string;
  readonly usedBytes?: number | undefined;
  /** 0: no limit. */
  readonly maxBytes?: number | undefined;
  readonly connections?: number | undefined;
  readonly maxConnections?: number | undefined;
  /** Whether it may drop what it keeps to make room. */
  readonly evicts?: boolean | undefined;
  /** What it dropped since it was started. */
  readonly evicted?: number | undefined;
}

/** What is true of all queues, whoever asks. */
export interface FleetState {
  /** When, in milliseconds since 1970, at the broker. */
  readonly at: number;
  /** Of those that clients and workers told of. */
  readonly queues: readonly QueueRecord[];
  /** The workers that are alive. */
  readonly workers: readonly WorkerRecord[];
  readonly servers: readonly ServerRecord[];
}

/** Elects the one process of a fleet that tells what is true of all queues, so that sums over all processes are right. */
export interface FleetExporter {
  /**
   * Takes part from now on, until it was not called for 150 s: who is never asked for metrics is not elected. True when this process is elected;
   * where nobody is, it becomes it. While the broker is away it may stay open until it answers.
   *
   * @param group one is elected in each; always the same of one process. @default that of all who name none
   */
  claim(group?: string): Promise<boolean>;
  /** Whether this process is elected, as far as is known; asking costs nothing. */
  readonly isElected: boolean;
  /** What is true of all queues now. Whether this process is elected is not looked at. @throws what the broker throws */
  look(): Promise<FleetState>;
  /** Gives it back, so that another is elected at once, and takes part no more until the next {@link FleetExporter.claim}. Never rejects. */
  resign(): Promise<void>;
}
