import {
  type AuditRecord,
  type Clock,
  type ConcurrencyRule,
  type ConsumeOptions,
  type Consumer,
  type ConsumerBroker,
  ENVELOPE_VERSION,
  GoflowError,
  type WorkerAdvert,
} from '@goflow/shared';
import { MemoryConsumer } from './memory-consumer.js';
import { MemoryExporter } from './memory-exporter.js';
import type { TaskStore } from './task-store.js';

/** The workers' side of a memory broker. */
export class MemoryConsumerBroker implements ConsumerBroker {
  readonly clock: Clock;
  readonly envelopeVersion: number;
  readonly exporter: MemoryExporter;
  readonly #store: TaskStore;
  readonly #consumers: MemoryConsumer[] = [];
  readonly #adverts: (() => WorkerAdvert)[] = [];
  readonly #unwatch: (() => void)[] = [];
  #closing: Promise<void> | undefined;

  constructor(store: TaskStore, envelopeVersion = ENVELOPE_VERSION) {
    this.clock = store.clock;
    this.envelopeVersion = envelopeVersion;
    this.#store = store;
    this.exporter = new MemoryExporter(store);
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

  watchRules(listener: (rules: readonly ConcurrencyRule[]) => void): void {
    if (this.#closing) return;
    const tell = (): void => listener(structuredClone(this.#store.rules.all));
    this.#unwatch.push(this.#store.rules.onChange(tell));
    tell();
  }

  async recordChange(change: Omit<AuditRecord, 'at'>): Promise<void> {
    this.#store.rules.record(change);
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
    for (const unwatch of this.#unwatch) unwatch();
    for (const advert of this.#adverts) this.#store.workers.remove(advert);
    // They have stopped before, or are made to now.
    await Promise.all(this.#consumers.map((consumer) => consumer.stop(0)));
    this.#store.leave();
  }
}
