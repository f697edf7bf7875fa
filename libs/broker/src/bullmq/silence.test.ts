import { setTimeout as delay } from 'node:timers/promises';
import { RedisServer, until } from '@goflow/testing';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { cutWhenSilent } from './silence.js';

const LIMIT_MS = 300;

async function open() {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  onTestFinished(() => redis.disconnect());
  const cuts: string[] = [];
  redis.on('error', ({ message }: Error) => cuts.push(message));
  redis.on('connect', () => cutWhenSilent(redis, LIMIT_MS));
  await redis.ping();
  return { server, redis, cuts };
}

test('a server that does not answer is left, and the question is asked again', async () => {
  const { server, redis, cuts } = await open();
  server.pause();
  const answer = redis.ping();
  await until(() => cuts.length > 0, { what: 'the connection to be cut' });
  expect(cuts[0]).toBe('Socket timeout: no answer for 300 ms');
  server.resume();
  expect(await answer).toBe('PONG');
});

test('one that does not even greet a new connection is left, too', async () => {
  const { server, redis, cuts } = await open();
  server.pause();
  redis.disconnect(true);
  await until(() => cuts.length > 1, { what: 'two connections to be cut' });
  server.resume();
  expect(await redis.ping()).toBe('PONG');
});

test('a silence that nobody waits in is none', async () => {
  const { redis, cuts } = await open();
  await delay(3 * LIMIT_MS);
  expect(await redis.ping()).toBe('PONG');
  expect(cuts).toEqual([]);
});

test('an answer that lies unread while the event loop is blocked counts', async () => {
  const { redis, cuts } = await open();
  const answer = redis.ping();
  await new Promise((resolve) => setImmediate(resolve));
  const end = performance.now() + 2 * LIMIT_MS;
  while (performance.now() < end);
  expect(await answer).toBe('PONG');
  await delay(LIMIT_MS);
  expect(cuts).toEqual([]);
});
