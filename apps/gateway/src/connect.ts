import { createBullMqBroker } from '@goflow/broker';
import { createGoflow, type Goflow, type Logger, type TaskDefinitions } from '@goflow/sdk';
import { type FleetExporter, type FleetRuns, toFailure } from '@goflow/shared';
import type { GatewayOptions } from './options.js';

/** What a gateway knows of Redis. */
export interface Connected {
  readonly goflow: Goflow<TaskDefinitions>;
  /** For the metrics of all queues. */
  readonly exporter: FleetExporter | undefined;
  /** Where gateways tell each other what they do to many tasks. */
  readonly runs: FleetRuns | undefined;
}

/** A client, and what its metrics need of the same connection, which the client closes. @throws OPTION_INVALID */
export function connect(given: GatewayOptions, logger: Logger): Connected {
  const { tasks, redis, prefix, encryption, resultStore, tracing } = given;
  const broker = createBullMqBroker({
    redis,
    prefix,
    onTrouble: (error, repeated) => {
      // Not the error itself: a refused AUTH carries the password among its arguments.
      const failure = toFailure(error, 'BROKER_UNAVAILABLE');
      logger.warn({ failure, repeated }, 'trouble with Redis');
    },
    onDataLost: (loss) =>
      logger.error(loss, 'Redis has lost its data: tasks and results that were there are gone'),
  });
  try {
    const goflow = createGoflow({ tasks, broker, encryption, resultStore, tracing, logger });
    return { goflow, exporter: broker.exporter, runs: broker.runs };
  } catch (error) {
    broker.close().catch(() => undefined);
    throw error;
  }
}
