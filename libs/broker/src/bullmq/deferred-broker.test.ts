import { newTaskId } from '@goflow/shared';
import { freePort, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { BullMqBrokerOptions } from './bullmq-broker.js';
import { createDeferredBroker } from './deferred-broker.js';
import { envelopeOf, openPlace, uniqueIn } from './place.test-d.js';

function open(given: Partial<BullMqBrokerOptions> = {}) {
  const { redis, prefix, key } = openPlace();
  const broker = createDeferredBroker({ redis, prefix, ...given });
  onTestFinished(() => broker.close());
  return { broker, redis, key };
}

test.each<[string, Partial<Record<keyof BullMqBrokerOptions, unknown>>]>([
  ['redis', { redis: undefined }],
  ['redis', { redis: 'http://localhost' }],
  ['redis.keyPrefix', { redis: { keyPrefix: 'mine' } }],
  ['redis.sentinels', { redis: { sentinels: [] } }],
  ['redis.name', { redis: { sentinels: [{ host: 'a', port: 1 }] } }],
  ['prefix', { prefix: 'a b' }],
  ['timeout', { timeout: '1ms' }],
])('a wrong %s is refused at once, before anything is loaded: %o', (name, given) => {
  const options = { redis: 'redis://localhost', ...given } as BullMqBrokerOptions;
  expect(() => createDeferredBroker(options)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(name) }),
  );
});

test('what is pushed before it is loaded is pushed, in order', async () => {
  const { broker, redis, key } = open();
  const ids = Array.from({ length: 20 }, () => newTaskId('default'));
  const pushes = ids.map((id) => broker.push(envelopeOf({ id })));
  expect(await Promise.all(pushes)).toEqual(ids.map((id) => ({ id, deduplicated: false })));
  expect(await redis.lrange(key('wait'), 0, -1)).toEqual(ids.map(uniqueIn).reverse());
});

test('until it is loaded nothing is known of handlers, and the time is that of this machine', async () => {
  const { broker } = open();
  expect(broker.isHandled('repeater')).toBeUndefined();
  expect(Math.abs(broker.clock.now() - Date.now())).toBeLessThan(1_000);
  expect(await broker.isHandledNow('repeater')).toBe(false);
  expect(broker.isHandled('repeater')).toBe(false);
});

test('every call is passed on', async () => {
  const { broker } = open();
  const { id } = await broker.push(envelopeOf({ tags: ['eu'] }));
  const envelope = envelopeOf();
  expect(await broker.pushMany([envelope])).toEqual([{ id: envelope.id, deduplicated: false }]);
  expect(await broker.pushChunks([])).toEqual([]);
  expect(await broker.read([id])).toMatchObject([{ id, state: 'waiting' }]);
  expect(await broker.detail(id)).toMatchObject({ id, tags: ['eu'] });
  expect(await broker.counts('default')).toMatchObject({ waiting: 2 });
  await broker.ping();
  const watching = await broker.watch(id, { news: () => undefined, gap: () => undefined });
  await watching.close();
  const listener = { reply: () => undefined, ready: () => undefined, gap: () => undefined };
  const inbox = await broker.openInbox(listener);
  expect(inbox.address).toMatch(/./);
  await inbox.close();
  expect(await broker.cancel(id, 'no longer')).toEqual({ found: 'waiting', effect: 'cancelled' });
  const { inspector } = broker;
  const question = { queue: 'default', state: 'cancelled', limit: 10 } as const;
  expect((await inspector.page(question)).tasks).toMatchObject([{ id }]);
  expect(await inspector.redrive(id, '"y"')).toEqual({ found: 'cancelled', done: true });
  expect(await broker.detail(id)).toMatchObject({ payload: 'y' });
  expect(await inspector.discard(id)).toMatchObject({ done: false });
  expect(await broker.cancel(id, 'no longer')).toMatchObject({ effect: 'cancelled' });
  expect(await inspector.discard(id)).toEqual({ found: 'cancelled', done: true });
  expect(await inspector.workers()).toEqual([]);
});

test('its timers are timers', async () => {
  const { clock } = open().broker;
  const rung: string[] = [];
  const first = clock.after(1, () => rung.push('taken back'));
  clock.after(2, () => rung.push('rung'));
  clock.cancel(first);
  clock.cancel(undefined);
  await until(() => rung.length > 0, { what: 'the timer' });
  expect(rung).toEqual(['rung']);
});

test('closed at once, it closes; what comes after is refused', async () => {
  const { broker } = open();
  const closing = broker.close();
  await expect(broker.push(envelopeOf())).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  await closing;
  await broker.close();
});

test('without Redis a first call ends within its time, too', async () => {
  const redis = `redis://127.0.0.1:${await freePort()}`;
  const { broker } = open({ redis, timeout: 100 });
  await expect(broker.push(envelopeOf())).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
});

test('what cannot be opened is told to the listener and to each call, and closes', async () => {
  const troubles: string[] = [];
  const { broker } = open({
    redis: { host: 'localhost', lazyConnect: true, replyMapping: 'resp3', protocol: 2 } as never,
    onTrouble: ({ message }) => troubles.push(message),
  });
  await expect(broker.ping()).rejects.toThrow('replyMapping');
  expect(troubles).toEqual([expect.stringContaining('replyMapping')]);
  await broker.close();
});
