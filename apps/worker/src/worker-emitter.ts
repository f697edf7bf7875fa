import { EventEmitter } from 'node:events';
import type { Logger, WorkerEventSource, WorkerEvents } from '@goflow/shared';

/**
 * Emits a worker's events. A listener that throws is logged and does no harm: tasks are being settled while it is called, and
 * its error must not become theirs.
 */
export class WorkerEmitter implements WorkerEventSource {
  readonly #emitter = new EventEmitter();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
    // Metrics, logs, tests and users all listen.
    this.#emitter.setMaxListeners(0);
  }

  on<E extends keyof WorkerEvents>(event: E, listener: (...args: WorkerEvents[E]) => void): this {
    // Node cannot see that E selects the same listener on both sides.
    this.#emitter.on(event, listener as (...args: unknown[]) => void);
    return this;
  }

  emit<E extends keyof WorkerEvents>(event: E, ...args: WorkerEvents[E]): void {
    try {
      this.#emitter.emit(event, ...args);
    } catch (error) {
      this.#logger.error({ err: error, event }, 'a listener threw');
    }
  }
}
