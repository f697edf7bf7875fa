// No test: where the tests beside keep their keys. Named so that it is left out of what is built.
import { newTaskId, type TaskEnvelope } from '@goflow/shared';
import { cleanPrefix, testPrefix, until } from '@goflow/testing';
import { Redis } from 'ioredis';
import { inject, onTestFinished } from 'vitest';
import { queueKey } from './keys.js';

/** A prefix of the test's own in the Redis of the run, and a connection; both go when the test ends. */
export function openPlace() {
  const url = inject('redisUrl');
  const prefix = testPrefix();
  const redis = openRedis(url, prefix);
  onTestFinished(async () => {
    await cleanPrefix(url, prefix);
  });
  return { redis, prefix, key: (part: string) => queueKey(prefix, 'default', part) };
}

/** A connection that has a name, as have those that are made from it. */
export function openRedis(url: string, connectionName: string): Redis {
  const redis = new Redis(url, { connectionName });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

/** The connections made from this one that are subscribed to something. */
export async function subscribersOf(redis: Redis): Promise<readonly string[]> {
  const { connectionName } = redis.options;
  const clients = String(await redis.client('LIST')).split('\n');
  const own = clients.filter((client) => client.includes(` name=${connectionName} `));
  return own.filter((client) => / sub=[1-9]/.test(client));
}

/** Cuts the one subscriber off, as a network does, and waits until it is back. */
export async function cutSubscriber(redis: Redis): Promise<void> {
  const idsOf = async () =>
    (await subscribersOf(redis)).map((client) => /\bid=(\d+)/.exec(client)?.[1] ?? '');
  const [before = ''] = await idsOf();
  await redis.client('KILL', 'ID', before);
  await until(async () => (await idsOf()).some((id) => id !== before), {
    what: 'the subscriber to be back',
  });
}

/** A task of type `repeater`, unless said otherwise. */
export function envelopeOf(given: Partial<TaskEnvelope> = {}): TaskEnvelope {
  return {
    id: newTaskId('default'),
    queue: 'default',
    type: 'repeater',
    payloadJson: '"x"',
    pushedAt: 1_800_000_000_000,
    ...given,
  };
}

/** What BullMQ knows a task by. */
export const uniqueIn = (id: string): string => id.slice(id.indexOf(':') + 1);
