import { checkKnown, checkPrefix, DEFAULT_PREFIX } from '@goflow/shared';
import { storeTimeoutMs } from '../results/store-rules.js';
import { checkRedisGiven } from './redis-given.js';
import type { RedisResultStore, RedisResultStoreOptions } from './redis-result-store.js';

/**
 * Keeps results in Redis, one key a result, which Redis frees by itself. Begins at once, in the background, to load ioredis and to
 * connect; calls wait for that. While Redis is away a call is tried again within its time.
 *
 * @throws OPTION_INVALID
 */
export function createDeferredResultStore(options: RedisResultStoreOptions): RedisResultStore {
  checkKnown('createRedisResultStore options', options, ['redis', 'prefix', 'timeout']);
  checkRedisGiven(options.redis);
  checkPrefix(options.prefix ?? DEFAULT_PREFIX);
  storeTimeoutMs(options.timeout);
  const opening = import('./redis-result-store.js').then((module) =>
    module.createRedisResultStore(options),
  );
  // Each call tells it.
  opening.catch(() => undefined);
  return {
    put: (id, resultJson, ttlMs) => opening.then((store) => store.put(id, resultJson, ttlMs)),
    get: (ids) => opening.then((store) => store.get(ids)),
    close: () =>
      opening.then(
        (store) => store.close(),
        () => undefined,
      ),
  };
}
