import { Cluster } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { until } from '../wait/until.js';
import { askRedis, infoFields } from './ask-redis.js';
import { RedisCluster } from './redis-cluster.js';
import type { RedisServer } from './redis-server.js';

let world: RedisCluster;
beforeAll(async () => {
  // A busy machine is not to be taken for a dead node.
  world = await RedisCluster.start({ nodeTimeoutMs: 1_500 });
});
afterAll(() => world.stop());

function newClient(cluster: RedisCluster): Cluster {
  const client = new Cluster([...cluster.nodes], { retryDelayOnFailover: 100 });
  client.on('error', () => undefined);
  onTestFinished(() => client.disconnect());
  return client;
}

async function replicationOf(server: RedisServer): Promise<ReadonlyMap<string, string>> {
  return infoFields(await askRedis(server, 'INFO', 'replication'));
}

test('three masters share the slots, and each has its replica', async () => {
  const client = newClient(world);
  const keys = Array.from({ length: 100 }, (_, at) => `key-${at}`);
  for (const key of keys) await client.set(key, key);
  const owners = await Promise.all(keys.map((key) => world.masterOf(key)));
  expect(new Set(owners)).toEqual(new Set(world.servers.slice(0, 3)));
  for (const [at, key] of keys.entries())
    expect(await askRedis(owners[at] as RedisServer, 'GET', key)).toBe(key);
  const replicas = await Promise.all(
    world.servers.slice(0, 3).map((master) => world.replicaOf(master)),
  );
  expect(new Set(replicas)).toEqual(new Set(world.servers.slice(3)));
  for (const [at, replica] of replicas.entries()) {
    const replication = await replicationOf(replica);
    expect(replication.get('master_port')).toBe(`${world.servers[at]?.port}`);
    expect(replication.get('master_link_status')).toBe('up');
  }
});

test('moveSlot(): ASK on the way, MOVED at the end, and no key is lost', async () => {
  const client = newClient(world);
  const keys = Array.from({ length: 250 }, (_, at) => `{moved}:${at}`);
  for (const key of keys) await client.set(key, key);
  const from = await world.masterOf('{moved}');
  const to = world.servers.slice(0, 3).find((server) => server !== from) as RedisServer;
  const answers: string[] = [];
  const midway = async (): Promise<void> => {
    for (const key of keys)
      answers.push(String(await askRedis(from, 'GET', key).catch((error: Error) => error.message)));
    expect(await client.get(keys[0] as string)).toBe(keys[0]);
    await client.set('{moved}:new', 'new');
  };
  await world.moveSlot('{moved}', to, { midway });
  const asks = answers.filter((answer) => answer.startsWith('ASK '));
  expect(asks).toHaveLength(125);
  expect(asks[0]).toContain(`127.0.0.1:${to.port}`);
  expect(answers.filter((answer) => answer.startsWith('{moved}:'))).toHaveLength(125);
  expect(await world.masterOf('{moved}')).toBe(to);
  await expect(askRedis(from, 'GET', '{moved}:0')).rejects.toThrow(/^MOVED/);
  expect(await Promise.all(keys.map((key) => client.get(key)))).toEqual(keys);
  expect(await askRedis(to, 'GET', '{moved}:new')).toBe('new');
});

test('a master is killed: its replica takes over with the data, and the old one comes back as a replica', async () => {
  const old = await world.masterOf('kept');
  const replica = await world.replicaOf(old);
  const client = newClient(world);
  await client.set('kept', '1');
  await until(async () => (await askOffset(old)) === (await askOffset(replica)), {
    what: 'the replica to have it',
  });
  await old.kill9();
  expect(await world.masterOf('kept')).toBe(old);
  await world.waitUntilWhole();
  expect(await world.masterOf('kept')).toBe(replica);
  expect(await client.get('kept')).toBe('1');
  await expect(world.replicaOf(replica)).rejects.toThrow('has no replica');
  await client.set('kept', '2');
  await replica.kill9();
  await expect(world.waitUntilWhole(300)).rejects.toThrow('the cluster to be whole');
  await world.restartKilled();
  await until(async () => (await world.replicaOf(replica)) === old, { what: 'its new replica' });
  expect((await replicationOf(old)).get('role')).toBe('slave');
  expect(await client.get('kept')).toBe('2');
});

test('all nodes are killed and started again: the append-only files bring all back', async () => {
  const client = newClient(world);
  await client.set('lasting', '1');
  const owner = await world.masterOf('lasting');
  client.disconnect();
  for (const server of world.servers) await server.kill9();
  await expect(world.masterOf('lasting')).rejects.toThrow('no node of this cluster runs');
  await world.restartKilled();
  expect(await world.masterOf('lasting')).toBe(owner);
  expect(await newClient(world).get('lasting')).toBe('1');
});

test('a cluster of one refuses as a larger one does what touches two slots at once', async () => {
  await using one = await RedisCluster.start({
    masters: 1,
    replicas: 0,
    args: ['--maxclients', '50'],
  });
  expect(one.servers).toHaveLength(1);
  const [server] = one.servers as [RedisServer];
  expect(await askRedis(server, 'CONFIG', 'GET', 'maxclients')).toEqual(['maxclients', '50']);
  await expect(askRedis(server, 'MGET', 'a', 'b')).rejects.toThrow('CROSSSLOT');
  const client = newClient(one);
  expect(await client.set('a', '1')).toBe('OK');
});

async function askOffset(server: RedisServer): Promise<string | undefined> {
  const replication = await replicationOf(server);
  return replication.get('slave_repl_offset') ?? replication.get('master_repl_offset');
}
