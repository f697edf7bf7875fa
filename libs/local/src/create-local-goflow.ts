import { createMemoryBroker } from '@goflow/broker/memory';
import { createGoflow, type Goflow } from '@goflow/sdk';
import { invalidOption, type TaskDefinitions } from '@goflow/shared';
import { createWorker, HandlerRegistry } from '@goflow/worker';
import { FunctionQueue } from './function-queue.js';
import type { LeftTask, LocalGoflow, LocalStopOptions, RunOptions } from './local-goflow.js';
import { type LocalGoflowOptions, splitOptions } from './local-options.js';
import { Stopping } from './stopping.js';
import type { LocalWork, Tracker } from './tracker.js';
import { Trackers } from './trackers.js';

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
  const functions = new FunctionQueue(registry as unknown as HandlerRegistry, options.tasks);
  const handlers = functions.handlers as unknown as HandlerRegistry<D>;
  const worker = createWorker({ ...workerOptions, handlers, broker: broker.consumer });
  const goflow = createGoflow({ ...client, broker: broker.client });
  const untyped = goflow as unknown as Goflow<TaskDefinitions>;
  const trackers = new Trackers(untyped);
  const openReader = () =>
    createGoflow({ ...client, broker: broker.openClient() }) as unknown as Goflow<TaskDefinitions>;
  const parts = { goflow: untyped, worker, broker, functions, trackers, openReader };
  const stopping = new Stopping(parts);
  const stop = (how?: LocalStopOptions): Promise<readonly LeftTask[]> => stopping.stop(how);
  const close = (): Promise<void> => stop().then(() => undefined);
  const local = {
    worker,
    stop,
    close,
    run<T>(work: LocalWork<T>, { retention }: RunOptions = {}): Tracker<T> {
      return trackers.track(broker.run(functions.open(), callOf(work), retention));
    },
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

function callOf<T>(work: LocalWork<T>): (signal: AbortSignal) => T | Promise<T> {
  const isWork = typeof work === 'function' || typeof work?.run === 'function';
  if (!isWork) throw invalidOption('work', 'a function, or an object with a run method', work);
  return typeof work === 'function' ? work : (signal) => work.run(signal);
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
