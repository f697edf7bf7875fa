import { RedisServer, until } from '@goflow/testing';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { Deadline } from './deadline.js';

test('what a command holds in memory counts until it settles, given up or not', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  onTestFinished(() => server.resume());
  const redis = new Redis(server.url, { enableOfflineQueue: false });
  onTestFinished(() => redis.disconnect());
  const deadline = new Deadline(redis, 100);
  onTestFinished(() => deadline.release());
  await until(() => redis.status === 'ready', { what: 'the connection' });
  expect(await deadline.within(() => redis.echo('x'), 5)).toBe('x');
  expect(deadline.unsettledBytes).toBe(0);
  // What is sent lies in the buffers of the system: nothing waits to be written.
  server.pause();
  await expect(deadline.within(() => redis.echo('y'), 7)).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
  });
  expect(deadline.unsettledBytes).toBe(7);
  server.resume();
  await until(() => deadline.unsettledBytes === 0, { what: 'the answer' });
});
