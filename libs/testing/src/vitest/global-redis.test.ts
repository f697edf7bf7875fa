import { Redis } from 'ioredis';
import { afterEach, expect, inject, test, vi } from 'vitest';
import { freePort } from '../machine/free-port.js';
import { RedisServer } from '../redis/redis-server.js';
import setup from './global-redis.js';

afterEach(() => vi.unstubAllEnvs());

test('the run has a Redis that answers', async () => {
  expect(await ping(inject('redisUrl'))).toBe('PONG');
});

test('without REDIS_URL it starts a private server, and ends it', async () => {
  vi.stubEnv('REDIS_URL', undefined);
  const { url, teardown } = await setUp();
  expect(await ping(url)).toBe('PONG');
  await teardown();
  await expect(ping(url)).rejects.toThrow();
});

test('with REDIS_URL it uses that server, and leaves it running', async () => {
  await using server = await RedisServer.start();
  vi.stubEnv('REDIS_URL', server.url);
  const { url, teardown } = await setUp();
  await teardown();
  expect(url).toBe(server.url);
  expect(await ping(url)).toBe('PONG');
});

test('says what to do when nothing answers at REDIS_URL, without telling its password', async () => {
  vi.stubEnv('REDIS_URL', `redis://:secret@127.0.0.1:${await freePort()}`);
  const error = await setUp().catch((thrown: unknown) => thrown);
  expect(String(error)).toContain('start it, correct REDIS_URL, or unset it');
  expect(String(error)).not.toContain('secret');
});

async function setUp() {
  let url = '';
  const provide = (_name: string, value: string) => {
    url = value;
  };
  const teardown = await setup({ provide } as unknown as Parameters<typeof setup>[0]);
  return { url, teardown };
}

async function ping(url: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await redis.ping();
  } finally {
    redis.disconnect();
  }
}
