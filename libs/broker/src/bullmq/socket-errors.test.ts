import { RedisServer, until } from '@goflow/testing';
import { Cluster, Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import {
  connectBlocking,
  connectConsumer,
  connectProducer,
  startConnecting,
} from './redis-connection.js';

/** What happens when the TLS handshake fails on both sides. */
function failTwice({ stream }: Redis): void {
  for (const text of ['the first', 'the second']) stream.emit('error', new Error(text));
}

async function ready(redis: Redis | Cluster): Promise<Redis | Cluster> {
  onTestFinished(() => redis.disconnect());
  redis.on('error', () => undefined);
  startConnecting(redis);
  await redis.ping();
  return redis;
}

test('a second error of a socket ends no process, on whatever connection of goflow', async () => {
  const url = inject('redisUrl');
  const producer = connectProducer(url).redis;
  await until(() => producer.status === 'ready', { what: 'the connection' });
  const consumer = await ready(connectConsumer(url).redis);
  for (const redis of [await ready(producer), consumer, await ready(connectBlocking(consumer))])
    expect(() => failTwice(redis as Redis)).not.toThrow();
});

test('nor on a connection to a node of a cluster', async () => {
  const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
  const server = await RedisServer.start({ args });
  onTestFinished(() => server.stop());
  const admin = await ready(new Redis(server.url));
  await (admin as Redis).call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until(async () => String(await admin.cluster('INFO')).includes('cluster_state:ok'), {
    what: 'the cluster to be up',
  });
  const given = new Cluster([{ host: '127.0.0.1', port: server.port }]);
  onTestFinished(() => given.disconnect());
  const cluster = (await ready(connectConsumer(given).redis)) as Cluster;
  expect(cluster.nodes()).toHaveLength(1);
  for (const node of cluster.nodes()) expect(() => failTwice(node)).not.toThrow();
});
