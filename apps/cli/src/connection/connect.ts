import { createBullMqBroker } from '@goflow/broker';
import { createGoflow, defineTasks, type Goflow, type TaskDefinitions } from '@goflow/sdk';
import type { Broker } from '@goflow/shared';
import type { Settings } from '../settings/settings.js';

/** A client for tasks of any type. */
export type AnyGoflow = Goflow<TaskDefinitions>;

/** What commands talk to Redis with. */
export interface Connection {
  readonly broker: Broker;
  /** The contracts of `--tasks`; none where that was not given: ids, queues and workers can be asked for all the same. */
  readonly goflow: AnyGoflow;
  close(): Promise<void>;
}

/** Connects, and sees that Redis answers. @throws BROKER_UNAVAILABLE, BROKER_REFUSED, OPTION_INVALID */
export async function connect(settings: Settings): Promise<Connection> {
  const { redis, prefix, timeout } = settings;
  const broker = createBullMqBroker({ redis, prefix, timeout });
  try {
    await broker.ping();
    const goflow = createGoflow({ tasks: defineTasks({}), broker }) as unknown as AnyGoflow;
    return {
      broker,
      goflow,
      close: async () => {
        await goflow.close();
        await broker.close();
      },
    };
  } catch (error) {
    await broker.close();
    throw error;
  }
}
