import { newTaskId } from '@goflow/shared';
import { freePort } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createDeferredResultStore } from './deferred-result-store.js';
import { openPlace } from './place.test-d.js';
import type { RedisResultStoreOptions } from './redis-result-store.js';

function open(given: Partial<RedisResultStoreOptions> = {}) {
  const { redis, prefix } = openPlace();
  const store = createDeferredResultStore({ redis, prefix, ...given });
  onTestFinished(() => store.close());
  return store;
}

test.each<[string, object]>([
  ['redis', { redis: undefined }],
  ['redis', { redis: 'http://localhost' }],
  ['prefix', { prefix: 'a b' }],
  ['timeout', { timeout: '1ms' }],
  ['createRedisResultStore options', { ttl: 1 }],
])('a wrong %s is refused at once, before anything is loaded: %o', (name, given) => {
  const options = { redis: 'redis://localhost', ...given };
  expect(() => createDeferredResultStore(options)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(name) }),
  );
});

test('what is kept before it is loaded is kept', async () => {
  const store = open();
  const id = newTaskId('default');
  await store.put(id, '{"a":1}', 60_000);
  expect(await store.get([id, newTaskId('default')])).toEqual(['{"a":1}', undefined]);
});

test('closed at once, it closes; what comes after is refused', async () => {
  const store = open();
  const closing = store.close();
  await expect(store.get([newTaskId('default')])).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  await closing;
});

test('without Redis a first call ends within its time, too', async () => {
  const store = open({ redis: `redis://127.0.0.1:${await freePort()}`, timeout: 100 });
  const kept = store.put(newTaskId('default'), '1', 60_000);
  await expect(kept).rejects.toMatchObject({ code: 'RESULT_STORE_AWAY' });
});
