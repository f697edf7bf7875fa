import { RedisSentinels, until } from '@goflow/testing';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { closeRedis, connectProducer } from './redis-connection.js';

/** What a sentinel that tells of a failover late does to the attempt to connect that is under way. */
function breakOffConnecting(redis: Redis): void {
  (redis as unknown as { connector: { disconnect(): void } }).connector.disconnect();
}

async function whileConnecting(redis: Redis, what: () => void): Promise<void> {
  const connecting = new Promise((resolve) => redis.once('connecting', resolve));
  redis.disconnect(true);
  await connecting;
  what();
}

test('a connection that a late word of a failover ended connects again; one that was closed does not', async () => {
  await using world = await RedisSentinels.start();
  const { redis } = connectProducer(world.options()) as { redis: Redis };
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  await until(() => redis.status === 'ready', { what: 'it is connected' });
  const ends: string[] = [];
  redis.on('end', () => ends.push('end'));
  for (const times of [1, 2]) {
    await whileConnecting(redis, () => breakOffConnecting(redis));
    await until(() => ends.length === times, { what: 'ioredis has given it up' });
    await until(() => redis.status === 'ready', { what: 'it is connected again' });
    expect(await redis.ping()).toBe('PONG');
  }
  // BullMQ closes and opens its blocking connection in a pause.
  redis.disconnect();
  await until(() => ends.length === 3, { what: 'it is closed' });
  await redis.connect();
  await whileConnecting(redis, () => breakOffConnecting(redis));
  await until(() => redis.status === 'ready', { what: 'it is connected again after a pause' });
  await closeRedis(redis);
  await until(() => redis.status === 'end', { what: 'it is closed' });
  await new Promise((resolve) => setImmediate(resolve));
  expect(redis.status).toBe('end');
});

test('ioredis by itself leaves such a connection ended: without that, this is not needed any more', async () => {
  await using world = await RedisSentinels.start();
  const redis = new Redis({ ...world.options(), failoverDetector: true });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  await until(() => redis.status === 'ready', { what: 'it is connected' });
  await whileConnecting(redis, () => breakOffConnecting(redis));
  await until(() => redis.status === 'end', { what: 'it is ended' });
  await expect(redis.ping()).rejects.toThrow('Connection is closed');
});
