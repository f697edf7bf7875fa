import { createBullMqBroker } from '@goflow/broker';
import {
  createGoflow,
  defineTasks,
  type Goflow,
  type GoflowOptions,
  type PushMiddleware,
  type TaskDefinitions,
  type Tasks,
} from '@goflow/sdk';
import type { Broker } from '@goflow/shared';
import type { Settings } from '../settings/settings.js';
import { readKeys } from './read-keys.js';

/** A client for tasks of any type. */
export type AnyGoflow = Goflow<TaskDefinitions>;

/** What commands talk to Redis with. */
export interface Connection {
  readonly broker: Broker;
  /** Knows no contracts and no queues: it asks for tasks by their ids, and for workers. */
  readonly goflow: AnyGoflow;
  /** A client whose `inspector` looks into every queue that is in Redis now. */
  readonly reading: () => Promise<AnyGoflow>;
  /** A client that pushes tasks of these contracts. */
  readonly pushing: (tasks: Tasks, middleware?: readonly PushMiddleware[]) => AnyGoflow;
  close(): Promise<void>;
}

/** Connects, and sees that Redis answers. @throws BROKER_UNAVAILABLE, BROKER_REFUSED, OPTION_INVALID */
export async function connect(settings: Settings): Promise<Connection> {
  const { redis, prefix, timeout } = settings;
  const encryption = await readKeys(settings.encryptionKeys);
  const broker = createBullMqBroker({ redis, prefix, timeout });
  const clients: AnyGoflow[] = [];
  const open = (options: Partial<GoflowOptions<TaskDefinitions>>): AnyGoflow => {
    const client = createGoflow({ tasks: NO_TASKS, broker, encryption, ...options });
    clients.push(client);
    return client;
  };
  try {
    await broker.ping();
    return {
      broker,
      goflow: open({}),
      reading: async () => {
        const queues = await broker.fleet.queues();
        return open({ queues: queues.map(({ queue }) => queue) });
      },
      pushing: (tasks, middleware) => open({ tasks, middleware }),
      close: async () => {
        // The first one that is closed closes what all share: before that, nobody must have anything open.
        for (const client of clients.reverse()) await client.close();
        await broker.close();
      },
    };
  } catch (error) {
    await broker.close();
    throw error;
  }
}

const NO_TASKS: Tasks = defineTasks({});
