import type { FleetExporter, FleetState } from '@goflow/shared';
import { toQueueRecord } from './memory-fleet.js';
import type { TaskStore } from './task-store.js';

/** Tells what is true of all queues of a memory broker. All is in one process: whoever asks is elected. */
export class MemoryExporter implements FleetExporter {
  readonly isElected = true;
  readonly #store: TaskStore;

  constructor(store: TaskStore) {
    this.#store = store;
  }

  async claim(): Promise<boolean> {
    return true;
  }

  async look(): Promise<FleetState> {
    const { clock, queues, workers } = this.#store;
    return {
      at: clock.now(),
      queues: queues.map(([name, queue]) => toQueueRecord(name, queue)),
      workers: workers.records(),
      servers: [],
    };
  }

  async resign(): Promise<void> {}
}
