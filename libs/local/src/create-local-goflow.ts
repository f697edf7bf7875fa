import { createMemoryBroker } from '@goflow/broker';
import { createGoflow, type Goflow } from '@goflow/sdk';
import {
  DEFAULT_QUEUE,
  GoflowError,
  invalidOption,
  type TaskDefinitions,
  type TaskId,
  type Tasks,
} from '@goflow/shared';
import { createWorker, HandlerRegistry } from '@goflow/worker';
import type { LeftTask, LocalGoflow, LocalStopOptions } from './local-goflow.js';
import { type LocalGoflowOptions, splitOptions } from './local-options.js';
import { Stopping } from './stopping.js';
import type { LocalWork, Tracker } from './tracker.js';

/**
 * Creates goflow in one process: the same interface without Redis. It runs tasks at once. Payloads and results pass through the same
 * codec, so that what works here works there; but what waits here is gone with the process.
 *
 * @throws OPTION_INVALID, HANDLER_INVALID
 * @example
 * await using goflow = createLocalGoflow({ tasks, handlers, concurrency: 5 });
 * console.log(await goflow.wait(await goflow.push('repeater', 'hello')));
 */
export function createLocalGoflow<D extends TaskDefinitions>(
  options: LocalGoflowOptions<D>,
): LocalGoflow<D> {
  const { worker: workerOptions, client, clock } = splitOptions(options);
  const broker = createMemoryBroker(clock === undefined ? {} : { clock });
  const registry = registryOf(options);
  const worker = createWorker({ ...workerOptions, handlers: registry, broker: broker.consumer });
  const goflow = createGoflow({ ...client, broker: broker.client });
  const untyped = goflow as unknown as Goflow<TaskDefinitions>;
  const queue = queueOf(options.tasks);
  const stopping = new Stopping({ goflow: untyped, worker, broker });
  const stop = (how?: LocalStopOptions): Promise<readonly LeftTask[]> => stopping.stop(how);
  const close = (): Promise<void> => stop().then(() => undefined);
  const local = {
    worker,
    stop,
    close,
    run: <T>(work: LocalWork<T>): Tracker<T> => track(broker.run(queue, callOf(work)), untyped),
    addHandler(type: string, handler: unknown): unknown {
      registry.add(type as never, handler as never);
      return this;
    },
    [Symbol.asyncDispose]: close,
  };
  stopping.begin();
  // On the client itself, so that none of its methods has to be written a second time.
  return Object.assign(goflow, local) as unknown as LocalGoflow<D>;
}

/** Where functions wait: among the tasks that the worker takes. */
function queueOf({ contracts }: Tasks): string {
  const queues = [...contracts.values()].map(({ queue }) => queue);
  return queues.includes(DEFAULT_QUEUE) ? DEFAULT_QUEUE : (queues[0] ?? DEFAULT_QUEUE);
}

function callOf<T>(work: LocalWork<T>): (signal: AbortSignal) => T | Promise<T> {
  const isWork = typeof work === 'function' || typeof work?.run === 'function';
  if (!isWork) throw invalidOption('work', 'a function, or an object with a run method', work);
  return typeof work === 'function' ? work : (signal) => work.run(signal);
}

function track<T>(id: TaskId, goflow: Goflow<TaskDefinitions>): Tracker<T> {
  return {
    id: id as Tracker<T>['id'],
    status: () => goflow.status(id) as ReturnType<Tracker<T>['status']>,
    done: async () => {
      for await (const change of goflow.watch(id))
        if (change.kind === 'outcome')
          return change.result as Awaited<ReturnType<Tracker<T>['done']>>;
      throw new GoflowError('CLIENT_CLOSED', 'the client is closed');
    },
  };
}

/** Handlers can be added, and so there is always a registry: one of the caller's stays the caller's. */
function registryOf<D extends TaskDefinitions>({
  tasks,
  handlers,
}: LocalGoflowOptions<D>): HandlerRegistry<D> {
  if (typeof handlers !== 'object' || handlers === null)
    throw invalidOption('handlers', 'an object of handlers, or a HandlerRegistry', handlers);
  if ('onAdd' in handlers) return handlers as HandlerRegistry<D>;
  const registry = new HandlerRegistry(tasks);
  for (const [type, handler] of Object.entries(handlers)) registry.add(type, handler as never);
  return registry;
}
