import {
  type Clock,
  type ConsumeOptions,
  type Consumer,
  type ConsumerBroker,
  ENVELOPE_VERSION,
  GoflowError,
  type WorkerAdvert,
} from '@goflow/shared';
import { MemoryConsumer } from './memory-consumer.js';
import type { TaskStore } from './task-store.js';

/** The workers' side of a memory broker. */
export class MemoryConsumerBroker implements ConsumerBroker {
  readonly clock: Clock;
  readonly envelopeVersion: number;
  readonly #store: TaskStore;
  readonly #consumers: MemoryConsumer[] = [];
  readonly #adverts: (() => WorkerAdvert)[] = [];
  #closing: Promise<void> | undefined;

  constructor(store: TaskStore, envelopeVersion = ENVELOPE_VERSION) {
    this.clock = store.clock;
    this.envelopeVersion = envelopeVersion;
    this.#store = store;
    store.enter();
  }

  consume(options: ConsumeOptions): Consumer {
    const consumer = new MemoryConsumer(options, this.#store);
    this.#consumers.push(consumer);
    return consumer;
  }

  advertise(advert: () => WorkerAdvert): void {
    if (this.#closing) return;
    this.#adverts.push(advert);
    this.#store.workers.add(advert);
  }

  async lastAdvertised(type: string): Promise<number | undefined> {
    return this.#store.workers.lastAdvertised(type);
  }

  async ping(): Promise<void> {
    if (this.#closing) throw new GoflowError('BROKER_UNAVAILABLE', 'the broker is closed');
  }

  async audit(): Promise<readonly string[]> {
    return [];
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const advert of this.#adverts) this.#store.workers.remove(advert);
    // They have stopped before, or are made to now.
    await Promise.all(this.#consumers.map((consumer) => consumer.stop(0)));
    this.#store.leave();
  }
}
