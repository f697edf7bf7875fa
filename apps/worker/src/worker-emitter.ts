import type { Logger, WorkerEventSource, WorkerEvents } from '@goflow/shared';

type Listener = (...args: never) => void;

/**
 * Emits a worker's events, several for each task, and so without the copies and checks of Node's EventEmitter. A listener that
 * throws is logged and does no harm: tasks are being settled while it is called, and its error must not become theirs.
 */
export class WorkerEmitter implements WorkerEventSource {
  readonly #listeners = new Map<keyof WorkerEvents, Listener[]>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  on<E extends keyof WorkerEvents>(event: E, listener: (...args: WorkerEvents[E]) => void): this {
    const listeners = this.#listeners.get(event) ?? [];
    this.#listeners.set(event, [...listeners, listener as Listener]);
    return this;
  }

  emit<E extends keyof WorkerEvents>(event: E, ...args: WorkerEvents[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        (listener as (...args: WorkerEvents[E]) => void)(...args);
      } catch (error) {
        this.#logger.error({ err: error, event }, 'a listener threw');
      }
    }
  }
}
