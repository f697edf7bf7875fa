import type { Broker, Clock, ConsumerBroker, RetentionOptions, TaskId } from '@goflow/shared';
import { MemoryClient } from './memory-client.js';
import { MemoryConsumerBroker } from './memory-consumer-broker.js';
import { systemClock } from './system-clock.js';
import { TaskStore } from './task-store.js';

/** Options of {@link createMemoryBroker}. */
export interface MemoryBrokerOptions {
  /** Where the time comes from. @default the clock of this machine */
  readonly clock?: Clock | undefined;
}

/** A broker in the memory of this process, for clients and workers alike. Nothing outlives the process. */
export interface MemoryBroker {
  /** For clients. Closing it closes the inboxes and watches that were opened with it, and touches no task. */
  readonly client: Broker;
  /** For workers. Closing it stops their consumers; what waits stays, and can be read and cancelled. */
  readonly consumer: ConsumerBroker;
  readonly clock: Clock;
  /**
   * Queues a function of this process as a task of type `function`, which takes a slot of the queue's consumers like any other. It has one
   * attempt: what it throws fails the task. Its result is kept where it is plain JSON of at most 1 MiB, else there is none. A function that
   * a stopping worker breaks off waits again, and one that failed or was cancelled can be redriven. Workers are not told of it: they
   * have no contract for it.
   *
   * @param work Is called with a signal that aborts when the task is cancelled or the worker leaves.
   * @param retention How long it can be asked for when it has ended. @default { completed: '1d', failed: '7d' }
   * @throws OPTION_INVALID for a queue name or a retention that is none, CLIENT_CLOSED once `client` is closed.
   */
  readonly run: <T>(
    queue: string,
    work: (signal: AbortSignal) => T | Promise<T>,
    retention?: RetentionOptions,
  ) => TaskId;
  /** One more client of the same tasks, which is closed by itself. */
  readonly openClient: () => Broker;
  /**
   * One more worker's side of the same tasks, which is closed by itself.
   *
   * @param envelopeVersion What it reads at most: for tests of an older or a newer release. @default what this release reads
   */
  readonly openConsumer: (envelopeVersion?: number) => ConsumerBroker;
}

/**
 * A broker without Redis. Payloads, results and failures live in it as JSON, so that what works here works there.
 *
 * @example
 * const { client, consumer } = createMemoryBroker();
 */
export function createMemoryBroker(options: MemoryBrokerOptions = {}): MemoryBroker {
  const { clock = systemClock } = options;
  const store = new TaskStore(clock);
  const client = new MemoryClient(store);
  return {
    client,
    consumer: new MemoryConsumerBroker(store),
    clock,
    run: (queue, work, retention) => client.run(queue, work, retention),
    openClient: () => new MemoryClient(store),
    openConsumer: (envelopeVersion) => new MemoryConsumerBroker(store, envelopeVersion),
  };
}
