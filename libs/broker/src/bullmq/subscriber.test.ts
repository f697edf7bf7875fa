import { setImmediate } from 'node:timers/promises';
import { RedisServer, until } from '@goflow/testing';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { Subscriber } from './subscriber.js';

async function openServer() {
  const server = await RedisServer.start();
  const redis = new Redis(server.url);
  onTestFinished(async () => {
    redis.disconnect();
    await server.stop();
  });
  return redis;
}

function listen(redis: Redis) {
  const messages: string[] = [];
  const troubles: string[] = [];
  let gaps = 0;
  const subscriber = new Subscriber({
    redis,
    heard: (channel, message) => messages.push(`${channel} ${message}`),
    gap: () => {
      gaps += 1;
    },
    report: (error) => troubles.push(error.message),
  });
  onTestFinished(() => subscriber.close());
  return { subscriber, messages, troubles, gaps: () => gaps };
}

const cutSubscribers = (redis: Redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');

test('it hears of all its channels again after the connection was cut, and says that there was a gap', async () => {
  const redis = await openServer();
  const { subscriber, messages, gaps } = listen(redis);
  for (const channel of ['a', 'b', 'c']) await subscriber.subscribe(channel);
  await subscriber.unsubscribe('b');
  expect(gaps()).toBe(0);
  await cutSubscribers(redis);
  await until(() => gaps() === 1, { what: 'it hears again' });
  for (const channel of ['a', 'b', 'c']) await redis.publish(channel, 'after');
  await until(() => messages.length === 2, { what: 'both were heard' });
  expect(messages).toEqual(['a after', 'c after']);
});

test('a right that is taken away and given back: it is told, the process lives, and it hears again', async () => {
  const redis = await openServer();
  const { subscriber, messages, troubles, gaps } = listen(redis);
  await subscriber.subscribe('a');
  await redis.call('ACL', 'SETUSER', 'default', '-subscribe');
  await cutSubscribers(redis);
  await until(() => troubles.length >= 2, { what: 'it was refused, and refused again' });
  expect(troubles[0]).toContain('NOPERM');
  expect(gaps()).toBe(0);
  await redis.call('ACL', 'SETUSER', 'default', '+subscribe');
  await until(() => gaps() === 1, { what: 'it hears again' });
  await redis.publish('a', 'after');
  await until(() => messages.length === 1, { what: 'it was heard' });
});

test('a first subscription that is refused says so, and is not tried again behind the back', async () => {
  const redis = await openServer();
  const { subscriber, gaps } = listen(redis);
  await redis.call('ACL', 'SETUSER', 'default', '-subscribe');
  await expect(subscriber.subscribe('a')).rejects.toThrow('NOPERM');
  await redis.call('ACL', 'SETUSER', 'default', '+subscribe');
  await subscriber.subscribe('b');
  await cutSubscribers(redis);
  await until(() => gaps() === 1, { what: 'it hears again' });
  expect(await redis.call('PUBSUB', 'CHANNELS')).toEqual(['b']);
});

test('one that is given up twice keeps the process no longer than one that is given up once', async () => {
  const redis = await openServer();
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  // Somewhere among these its socket is there, and not yet connected.
  for (let turns = 0; turns < 10; turns += 1) {
    const { subscriber } = listen(redis);
    const refused = subscriber.subscribe('a').then(
      () => false,
      () => true,
    );
    for (let turn = 0; turn < turns; turn += 1) await setImmediate();
    subscriber.abandon();
    // Later than that it had subscribed before it was given up.
    if (!(await refused)) break;
    const before = timers();
    subscriber.abandon();
    expect(timers()).toBe(before);
  }
});
