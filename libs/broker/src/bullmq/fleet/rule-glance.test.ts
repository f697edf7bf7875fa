import { RedisCluster, type RedisServer, until } from '@goflow/testing';
import { Cluster, Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { createBullMqConsumerBroker } from '../bullmq-consumer-broker.js';
import { fleetKey } from '../keys.js';
import { FleetRules, newNonce } from './fleet-rules.js';

const PREFIX = 'goflow';

/** Whether a connection of a server hears of channels, and a way to cut all that do. */
function subscribersOf(server: RedisServer) {
  const redis = new Redis(server.url);
  onTestFinished(() => redis.disconnect());
  const list = () => redis.call('CLIENT', 'LIST', 'TYPE', 'PUBSUB');
  return {
    isOne: async () => String(await list()).includes('id='),
    cut: () => redis.call('CLIENT', 'KILL', 'TYPE', 'PUBSUB'),
  };
}

test('the node of a subscriber hangs: a rule is heard of all the same, without a beat', async () => {
  const world = await RedisCluster.start({ replicas: 0 });
  onTestFinished(() => world.stop());
  const redis = new Cluster([...world.nodes]);
  onTestFinished(() => redis.disconnect());
  const rules = new FleetRules({ redis, prefix: PREFIX, report: () => undefined });
  // It is never advertised: nothing beats.
  const broker = createBullMqConsumerBroker({ redis, prefix: PREFIX });
  onTestFinished(() => broker.close());
  const told: number[] = [];
  broker.watchRules?.((all) => told.push(...all.map(({ concurrency }) => concurrency)));
  const keeper = await world.masterOf(fleetKey(PREFIX, 'rules'));
  const onKeeper = subscribersOf(keeper);
  const others = world.servers
    .filter((server) => server !== keeper)
    .map((server) => ({ server, ...subscribersOf(server) }));
  const hanging = await until(
    async () => {
      await onKeeper.cut();
      for (const other of others) if (await other.isOne()) return other.server;
      return undefined;
    },
    { what: 'the subscriber is on another node than the rules' },
  );
  hanging.pause();
  onTestFinished(() => hanging.resume());
  await rules.set({ concurrency: 7, by: 'ada' }, newNonce());
  await until(() => told.includes(7), { what: 'the rule is told' });
  expect(told).toEqual([7]);
});
