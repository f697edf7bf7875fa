import { DEFAULT_QUEUE, defineTasks, type TaskContract, type Tasks } from '@goflow/shared';
import type { HandlerRegistry } from '@goflow/worker';

const ANYTHING = {
  '~standard': { version: 1, vendor: 'goflow', validate: (value: unknown) => ({ value }) },
} as const;

/** Where functions wait: among the tasks that the worker takes. */
export class FunctionQueue {
  /** The caller's registry, as the worker gets it. */
  readonly handlers: HandlerRegistry;
  readonly #tasks: Tasks;
  readonly #listeners = new Set<(contract: TaskContract) => void>();
  #isOpen = false;

  constructor(registry: HandlerRegistry, tasks: Tasks) {
    this.#tasks = tasks;
    this.handlers = this.#listenTo(registry);
  }

  get name(): string {
    const queues = [...this.#tasks.contracts.values()].map(({ queue }) => queue);
    return queues.includes(DEFAULT_QUEUE) ? DEFAULT_QUEUE : (queues[0] ?? DEFAULT_QUEUE);
  }

  /** A worker consumes the queues of its handlers. Functions have none, so it is told of theirs once there is one. */
  open(): string {
    const { name } = this;
    if (this.#isOpen) return name;
    this.#isOpen = true;
    const { contracts } = defineTasks({
      function: { payload: ANYTHING, result: ANYTHING, queue: name },
    });
    for (const contract of contracts.values())
      for (const listener of this.#listeners) listener(contract);
    return name;
  }

  #listenTo(registry: HandlerRegistry): HandlerRegistry {
    const handlers: Omit<HandlerRegistry, 'add'> = {
      get types() {
        return registry.types;
      },
      get contracts() {
        return registry.contracts;
      },
      get: (type) => registry.get(type),
      onAdd: (listener) => {
        this.#listeners.add(listener);
        const forget = registry.onAdd(listener);
        return () => {
          this.#listeners.delete(listener);
          forget();
        };
      },
    };
    return handlers as HandlerRegistry;
  }
}
