import { createMemoryBroker } from '@goflow/broker/memory';
import { createGoflow, type Goflow, type TaskDefinitions, type Tasks } from '@goflow/sdk';
import {
  createWorker,
  defineHandlers,
  type HandlerRegistry,
  type Handlers,
  type Worker,
  type WorkerOptions,
} from '@goflow/worker';
import { describe, onTestFinished } from 'vitest';
import { newPlace } from '../support/redis.js';
import { pushInChunks } from './push-in-chunks.js';

type ClientOptions<D extends TaskDefinitions> = Omit<
  Parameters<typeof createGoflow<D>>[0],
  'tasks' | 'redis' | 'broker' | 'prefix'
>;
type RunOptions<D extends TaskDefinitions> = Omit<
  WorkerOptions<D>,
  'tasks' | 'handlers' | 'redis' | 'broker' | 'prefix'
>;

/** One place for tasks, in Redis or in memory, with any number of clients and workers. All are closed when the test ends. */
export interface World {
  client<D extends TaskDefinitions>(tasks: Tasks<D>, options?: ClientOptions<D>): Goflow<D>;
  /** A worker that has started. */
  worker<D extends TaskDefinitions>(
    tasks: Tasks<D>,
    handlers: Handlers<D> | HandlerRegistry<D>,
    options?: RunOptions<D>,
  ): Promise<Worker>;
}

/**
 * Runs the same tests in Redis, with shared calls and with a call for each task, and in memory: what a task does must not depend on where
 * it waits, nor on how it comes there.
 */
export function onBothBrokers(body: (open: () => World) => void): void {
  describe('in Redis', () => body(() => openRedisWorld()));
  describe('in Redis, a call for each task', () => body(() => openRedisWorld(false)));
  describe('in memory', () => body(openMemoryWorld));
}

/** The same, and once more with every task in a chunk where it can be in one: nor must it depend on how it was carried. */
export function onBothBrokersAndInChunks(body: (open: () => World) => void): void {
  onBothBrokers(body);
  describe('in Redis, in chunks', () => body(() => inChunks(openRedisWorld())));
  describe('in memory, in chunks', () => body(() => inChunks(openMemoryWorld())));
}

/** For behaviour that only Redis has; the test says why. */
export function openRedisWorld(sharedCalls = true): World {
  const place = { ...newPlace(), sharedCalls };
  return makeWorld(
    () => place,
    () => place,
  );
}

function openMemoryWorld(): World {
  const broker = createMemoryBroker();
  return makeWorld(
    () => ({ broker: broker.openClient() }),
    () => {
      const consumer = broker.openConsumer();
      return { broker: consumer, closed: () => consumer.close() };
    },
  );
}

/** A world whose clients push in chunks. */
function inChunks(world: World): World {
  return { ...world, client: (tasks, options) => pushInChunks(world.client(tasks, options)) };
}

type Side = object & { readonly closed?: () => Promise<void> };

function makeWorld(clientSide: () => Side, workerSide: () => Side): World {
  return {
    client(tasks, options) {
      const goflow = createGoflow({ tasks, timeout: '10s', ...options, ...clientSide() });
      onTestFinished(() => goflow.close());
      return goflow;
    },
    async worker(tasks, handlers, options) {
      const { closed, ...side } = workerSide();
      const worker = createWorker({ tasks, handlers, grace: '100ms', ...options, ...side });
      onTestFinished(async () => {
        await worker.stop();
        await closed?.();
      });
      await worker.start();
      return worker;
    },
  };
}

export { defineHandlers };
