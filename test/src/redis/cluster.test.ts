import { createGoflow } from '@goflow/sdk';
import { RedisCluster, type RedisServer, until } from '@goflow/testing';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openRedis } from '../support/redis.js';
import { numbers, openRig, SteadyLoad } from '../support/steady-load.js';

// One world for all tests: each leaves it whole.
let world: RedisCluster;
beforeAll(async () => {
  world = await RedisCluster.start();
});
afterAll(() => world.stop());

/** As docs/redis.md says. */
const SETTINGS = {
  maxRedirections: 64,
  retryDelayOnFailover: 250,
  retryDelayOnClusterDown: 250,
  retryDelayOnMoved: 100,
  slotsRefreshTimeout: 3_000,
  redisOptions: { connectTimeout: 2_000, socketTimeout: 5_000 },
};

function connect(settings: typeof SETTINGS = SETTINGS): Cluster {
  const cluster = new Cluster([...world.nodes], settings);
  cluster.on('error', () => undefined);
  onTestFinished(() => cluster.disconnect());
  return cluster;
}

const WAIT = 'goflow:{default}:wait';

async function anotherMaster(than: RedisServer): Promise<RedisServer> {
  for (const server of world.servers) {
    const role = await openRedis(server.url).info('replication');
    if (server !== than && role.includes('role:master')) return server;
  }
  throw new Error('there is no other master');
}

test('three masters with a replica each: the queues lie on different nodes, and one is killed under load', async () => {
  const queues = await Promise.all(['default', 'other'].map((name) => world.masterOf(`{${name}}`)));
  expect(new Set(queues).size).toBe(2);
  const { goflow, worker, log, losses } = openRig(connect());
  const byUrl = openRig(`redis+cluster://127.0.0.1:1,127.0.0.1:${world.nodes[0]?.port}`);
  await Promise.all([worker.start(), byUrl.worker.start()]);
  const load = new SteadyLoad(goflow);
  const loadByUrl = new SteadyLoad(byUrl.goflow);
  await Promise.all([load.more(50), loadByUrl.more(50)]);
  const killed = await world.masterOf(WAIT);
  const killedAt = performance.now();
  await killed.kill9();
  await Promise.all([load.more(50), loadByUrl.more(50)]);
  for (const [what, one] of Object.entries({ 'an instance': load, 'a URL': loadByUrl })) {
    const lost = await one.lostOf();
    const { acknowledged, failures, longestGapMs } = one;
    const told = `${acknowledged.length} acknowledged, ${failures.length} failed, ${lost.length} lost`;
    console.info(`cluster by ${what}: ${told}, nothing acknowledged for ${longestGapMs} ms`);
    // Replication is asynchronous: what was acknowledged in the last moment may be lost, and nothing else.
    expect(lost.filter(({ at }) => at < killedAt - 100 || at > killedAt)).toEqual([]);
    expect(failures).toEqual([]);
    expect(longestGapMs).toBeLessThan(10_000);
  }
  expect([...losses, ...byUrl.losses]).toEqual([]);
  expect(log.mostInASecond).toBeLessThanOrEqual(20);
  expect(byUrl.log.mostInASecond).toBeLessThanOrEqual(20);
  await world.restartKilled();
});

test('a slot that moves while nothing runs: what lies there, pushes, results and the worker go with it', async () => {
  const { goflow, worker } = openRig(connect());
  await worker.start();
  const done = await goflow.push('number', 1);
  expect(await goflow.wait(done)).toBe(1);
  await worker.setConcurrency(0);
  const waits = await goflow.pushMany('number', [2, 3]);
  const from = await world.masterOf(WAIT);
  const to = await anotherMaster(from);
  await world.moveSlot(WAIT, to);
  expect(await world.masterOf(WAIT)).toBe(to);
  expect(await goflow.getResult(done)).toMatchObject({ status: 'completed', value: 1 });
  await worker.setConcurrency(2);
  const more = await goflow.pushMany('number', [4, 5]);
  const results = await goflow.waitAll([...waits, ...more], { timeout: '15s' });
  expect(results.map((result) => result.status === 'completed' && result.value)).toEqual([
    2, 3, 4, 5,
  ]);
  expect(await goflow.counts()).toMatchObject({ waiting: 0, active: 0 });
});

test('documented: in the middle of moving a slot pushes and workers are refused, and go on when the move is over', async () => {
  const { goflow, worker, log } = openRig(connect(), { client: { timeout: '500ms' } });
  // What lies in the slot makes it half moved, half not.
  const before = await goflow.pushMany(
    'number',
    Array.from({ length: 50 }, (_, n) => n),
  );
  const to = await anotherMaster(await world.masterOf(WAIT));
  await worker.start();
  const failures: unknown[] = [];
  await world.moveSlot(WAIT, to, {
    midway: async () => {
      for (let n = 50; n < 55; n += 1)
        await goflow.push('number', n).catch((error: unknown) => failures.push(error));
    },
  });
  for (const failure of failures)
    expect(failure).toMatchObject({ code: expect.stringMatching(/^BROKER_/) });
  await until(() => goflow.push('number', 60), { what: 'a push to go through' });
  // In the runs seen so far all of them completed. What is asked for is only an end: see docs/redis.md.
  const ended = await goflow.waitAll(before, { timeout: '15s' });
  expect(ended).toHaveLength(before.length);
  expect(log.mostInASecond).toBeLessThanOrEqual(20);
});

test('a slot that nobody serves: CLUSTERDOWN is what a push says, the worker waits, and both go on when it is served', async () => {
  const { goflow, worker, log, troubles } = openRig(connect());
  // With as many redirections as it takes to survive a failover, its time is up before the reason is known.
  const hasty = connect({ ...SETTINGS, maxRedirections: 1 });
  const told = openRig(hasty, { client: { timeout: '1s' } });
  await worker.start();
  await goflow.push('number', 1);
  await told.goflow.push('number', 1);
  const master = await world.masterOf(WAIT);
  const slot = await openRedis(master.url).call('CLUSTER', 'KEYSLOT', WAIT);
  const masters = await Promise.all(
    world.servers.map(async (server) => {
      const redis = openRedis(server.url);
      return (await redis.info('replication')).includes('role:master') ? [redis] : [];
    }),
  );
  for (const redis of masters.flat()) await redis.call('CLUSTER', 'DELSLOTS', String(slot));
  await expect(told.goflow.push('number', 2)).rejects.toMatchObject({
    code: 'BROKER_REFUSED',
    details: { reason: 'CLUSTERDOWN' },
  });
  await openRedis(master.url).call('CLUSTER', 'ADDSLOTS', String(slot));
  await world.waitUntilWhole();
  const id = await until(() => goflow.push('number', 3), { what: 'a push to go through' });
  expect(await goflow.wait(id, { timeout: '15s' })).toBe(3);
  expect(log.mostInASecond).toBeLessThanOrEqual(20);
  expect(troubles.length).toBeLessThan(20);
});

test('minReplicas is refused: ioredis does not tell on which connection a cluster took a write', () => {
  const redis = connect();
  expect(() => createGoflow({ tasks: numbers, redis, minReplicas: 1 })).toThrow(/minReplicas/);
});
