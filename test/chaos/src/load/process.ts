import type { RedisGiven } from '@goflow/broker';
import { Cluster } from 'ioredis';
import type { Answer, Order, ProcessSettings, RedisSettings } from './orders.js';

/** The settings of this process. */
export const readSettings = (): ProcessSettings =>
  JSON.parse(process.env.CHAOS ?? '{}') as ProcessSettings;

/** What goflow is given to reach Redis. */
export function redisOf(settings: RedisSettings): RedisGiven {
  if (settings.kind === 'alone') return { host: settings.host, port: settings.port };
  const { natMap } = settings;
  if (settings.kind === 'sentinel')
    return { sentinels: [...settings.sentinels], name: settings.name, natMap };
  return new Cluster([...settings.nodes], { natMap });
}

/** Answers the process that started this one. */
export function answer(said: Answer): void {
  process.send?.(said);
}

/** Does what it is told from now on. An order for `memory` is answered here. */
export function obey(carryOut: (order: Order) => void): void {
  process.on('message', (order: Order) => {
    if (order.do === 'memory') tellMemory();
    else carryOut(order);
  });
  // Without the harness it has no reason to be there.
  process.on('disconnect', () => process.exit(1));
}

function tellMemory(): void {
  // Twice: what the first frees, such as buffers, the second takes away.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  answer({ is: 'memory', heap: heapUsed + external, rss });
}
