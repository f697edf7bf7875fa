import { warnWhenAway } from '@goflow/broker';
import { createBullMqConsumerBroker } from '@goflow/broker/consumer';
import {
  type ConsumerBroker,
  type DataLoss,
  type Emitter,
  invalidOption,
  type WorkerEvents,
} from '@goflow/shared';
import type { ResolvedWorkerOptions } from './options.js';

/** A worker's own broker, which tells what befalls it as events of the worker. @throws OPTION_INVALID */
export function connectBroker(
  { redis, prefix, lease, sharedCalls, isLogged }: ResolvedWorkerOptions,
  events: Emitter<WorkerEvents>,
): ConsumerBroker {
  if (redis === undefined)
    throw invalidOption('redis', 'given: a URL, options, or an instance', redis);
  const onTrouble = (error: Error, repeated: number): void =>
    events.emit('broker:trouble', { error, repeated });
  const onDataLost = (loss: DataLoss): void => events.emit('broker:data-lost', loss);
  const onAnswered = (roundTripMs: number): void => events.emit('broker:answered', { roundTripMs });
  const told = { onTrouble, onDataLost, onAnswered };
  const broker = createBullMqConsumerBroker({ redis, prefix, lease, sharedCalls, ...told });
  if (isLogged) return broker;
  const warn = warnWhenAway({ redis, broker });
  events.on('broker:trouble', ({ error }) => warn(error));
  return broker;
}
