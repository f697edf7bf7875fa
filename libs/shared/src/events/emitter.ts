import type { Logger } from '../ports/logger.js';

type EventMap<E> = { readonly [Name in keyof E]: readonly unknown[] };
type Listener = (...args: never) => void;

/**
 * Emits typed events, some of them several for each task, and so without the copies and checks of Node's EventEmitter. A listener
 * that throws, at once or later, is logged and does no harm: tasks are on their way while it is called, and its error must not become
 * theirs.
 */
export class Emitter<Events extends EventMap<Events>> {
  readonly #listeners = new Map<keyof Events, Listener[]>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  on<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): this {
    const listeners = this.#listeners.get(event) ?? [];
    this.#listeners.set(event, [...listeners, listener as unknown as Listener]);
    return this;
  }

  off<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): this {
    const listeners = this.#listeners.get(event) ?? [];
    const rest = listeners.filter((one) => one !== (listener as unknown as Listener));
    this.#listeners.set(event, rest);
    return this;
  }

  emit<E extends keyof Events>(event: E, ...args: Events[E]): void {
    const listeners = this.#listeners.get(event);
    if (!listeners) return;
    for (const listener of listeners) {
      try {
        const returned: unknown = (listener as unknown as (...args: Events[E]) => unknown)(...args);
        // An asynchronous listener: its rejection, with nobody to catch it, would end the process.
        if (returned instanceof Promise) returned.catch((error) => this.#tell(event, error));
      } catch (error) {
        this.#tell(event, error);
      }
    }
  }

  #tell(event: keyof Events, error: unknown): void {
    this.#logger.error({ err: error, event }, 'a listener threw');
  }
}
