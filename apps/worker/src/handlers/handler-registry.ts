import {
  contractOf,
  GoflowError,
  type TaskContract,
  type TaskDefinitions,
  type Tasks,
  type TaskTypeOf,
} from '@goflow/shared';
import type { AnyHandler, Handler } from './handler.js';

/** A handler for every task type: leave one out, and it does not compile. */
export type Handlers<D extends TaskDefinitions> = {
  readonly [Type in TaskTypeOf<D>]: Handler<D[Type], Type>;
};

/** Task type → handler. Handlers may be added while workers run; a worker then takes the type's queue, too. */
export class HandlerRegistry<D extends TaskDefinitions = TaskDefinitions> {
  readonly #tasks: Tasks;
  readonly #handlers = new Map<string, AnyHandler>();
  readonly #listeners = new Set<(contract: TaskContract) => void>();

  constructor(tasks: Tasks<D>) {
    this.#tasks = tasks;
  }

  /**
   * Adds a handler.
   *
   * @throws TASK_TYPE_UNKNOWN, HANDLER_DUPLICATE, HANDLER_INVALID
   */
  add<Type extends TaskTypeOf<D>>(type: Type, handler: Handler<D[Type], Type>): this;
  /** Adds what {@link defineHandler} made. */
  add(definition: HandlerDefinition): this;
  add(given: string | HandlerDefinition, handlerGiven?: unknown): this {
    const [type, handler] =
      typeof given === 'object' ? [given.type, given.handler] : [given, handlerGiven];
    const contract = contractOf(this.#tasks, type);
    if (typeof handler !== 'function')
      throw new GoflowError(
        'HANDLER_INVALID',
        `the handler of ${type} is no function but ${typeof handler}`,
      );
    if (this.#handlers.has(type))
      throw new GoflowError('HANDLER_DUPLICATE', `there is a handler of ${type} already`);
    this.#handlers.set(type, handler as AnyHandler);
    for (const listener of this.#listeners) listener(contract);
    return this;
  }

  /** The handler of a type, where there is one. */
  get(type: string): AnyHandler | undefined {
    return this.#handlers.get(type);
  }

  /** The types that have a handler. */
  get types(): readonly string[] {
    return [...this.#handlers.keys()];
  }

  /** The contracts of the types that have a handler. */
  get contracts(): readonly TaskContract[] {
    return this.types.map((type) => contractOf(this.#tasks, type));
  }

  /** Calls `listener` for every handler added from now on; gives back how to stop that. */
  onAdd(listener: (contract: TaskContract) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** True for a registry, even one of another copy of this package. */
export function isRegistry(value: unknown): value is HandlerRegistry {
  return typeof value === 'object' && value !== null && 'onAdd' in value && 'contracts' in value;
}

/**
 * Refuses a registry of other contracts than a worker's, where that is sure: it would consume queues that its tasks are not in, or take tasks that it
 * knows no contract of. Schemas are not compared: the same module may have been loaded twice, and a worker may be stricter than its handlers.
 *
 * @throws OPTION_INVALID
 */
export function checkContracts(registry: HandlerRegistry, tasks: Tasks): void {
  for (const { type, queue } of registry.contracts) {
    const known = tasks.contracts.get(type);
    if (known?.queue === queue) continue;
    const here = known ? `the queue ${known.queue}` : 'no such type';
    throw new GoflowError(
      'OPTION_INVALID',
      `Expected \`handlers\` to be made with \`tasks\`: with theirs, ${type} has the queue ${queue}; in \`tasks\` there is ${here}`,
    );
  }
}

/**
 * Makes a registry with a handler for every task type. A worker that is to run only some types makes a
 * {@link HandlerRegistry} of its own and adds those.
 *
 * @throws TASK_TYPE_UNKNOWN, HANDLER_INVALID
 * @example
 * export const handlers = defineHandlers(tasks, { repeater: async (payload) => payload });
 */
export function defineHandlers<D extends TaskDefinitions>(
  tasks: Tasks<D>,
  handlers: Handlers<D>,
): HandlerRegistry<D> {
  const registry = new HandlerRegistry(tasks);
  for (const [type, handler] of Object.entries(handlers)) registry.add(type, handler as never);
  for (const type of tasks.contracts.keys())
    if (!registry.get(type))
      throw new GoflowError(
        'HANDLER_INVALID',
        `there is no handler of ${type}; defineHandlers needs one for every type`,
      );
  return registry;
}

/** One handler with its type, as a handler module exports it. */
export interface HandlerDefinition {
  readonly type: string;
  readonly handler: AnyHandler;
}

/**
 * Types the handler of one task type, for a module of its own.
 *
 * @throws TASK_TYPE_UNKNOWN
 * @example export const resize = defineHandler(tasks, 'image.resize', async (payload, ctx) => ({ key: '…' }));
 */
export function defineHandler<D extends TaskDefinitions, Type extends TaskTypeOf<D>>(
  tasks: Tasks<D>,
  type: Type,
  handler: Handler<D[Type], Type>,
): HandlerDefinition {
  contractOf(tasks, type);
  return Object.freeze({ type, handler: handler as AnyHandler });
}
