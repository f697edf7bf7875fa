import { RedisServer } from '@goflow/testing';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { createBullMqConsumerBroker } from '../bullmq-consumer-broker.js';

test('an override’s line that Redis refuses is told as trouble', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  await admin.config('SET', 'maxmemory', '1');
  const troubles: string[] = [];
  const onTrouble = ({ message }: Error): unknown => troubles.push(message);
  const broker = createBullMqConsumerBroker({ redis: server.url, onTrouble });
  onTestFinished(() => broker.close());
  const line = { action: 'worker.override', by: 'ada', worker: 'w', to: 5 } as const;
  await expect(broker.recordChange?.(line)).rejects.toThrow('OOM');
  expect(troubles).toEqual([expect.stringContaining('OOM')]);
});
