import { createGoflow } from '@goflow/sdk';
import { RedisCluster, RedisSentinels, type RedisServer, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { runWorker, runWorkerIn, TASKS_FILE, urlOf } from '../support/program.js';
import { newPlace, openRedis } from '../support/redis.js';
import { numbers } from '../support/steady-load.js';
import { runCli } from './cli.js';
import { callDoctor, diagnose } from './doctor-rig.js';
import { newFolder } from './folder.js';

const LOGIN = 'shop:p%2F%40ss';

/** All connections with {@link LOGIN} are seen by the name of their user. */
async function giveLogin(servers: readonly RedisServer[]): Promise<void> {
  for (const { url } of servers)
    await openRedis(url).call('ACL', 'SETUSER', 'shop', 'on', '>p/@ss', '~*', '&*', '+@all');
}

async function usersOf({ url }: RedisServer): Promise<string> {
  return String(await openRedis(url).client('LIST'));
}

/** One task all the way, by a worker program and the command line, named as a flag, by a variable and in a file. */
async function expectAllToWork(redis: string): Promise<void> {
  const place = { redis, prefix: 'kinds' };
  await urlOf(runWorkerIn(place));
  const pushed = await runCli(place, ['push', 'echo', '"hello"', '--wait', '--json']);
  expect(pushed).toMatchObject({ code: 0, stderr: '' });
  const { id, value } = JSON.parse(pushed.stdout) as { id: string; value: string };
  expect(value).toBe('hello');
  const env = { REDIS_URL: redis, GOFLOW_PREFIX: 'kinds' };
  const got = await runCli(undefined, ['get', id, '--json'], { env });
  expect(JSON.parse(got.stdout)).toMatchObject({ status: 'completed', value: 'hello' });
  const cwd = await newFolder({ '.goflow.yaml': `redis: ${redis}\nprefix: kinds\n` });
  const queues = await runCli(undefined, ['queues', '--json'], { cwd });
  expect(queues).toMatchObject({ code: 0, stdout: expect.stringContaining('"default"') });
  const workers = await runCli(place, ['workers', '--json']);
  expect(workers.stdout.trim().split('\n')).toHaveLength(1);
}

test('redis+cluster:// names a Cluster for the command line, a worker program, the SDK and the doctor', async () => {
  const world = await RedisCluster.start({ masters: 2, replicas: 0 });
  onTestFinished(() => world.stop());
  await giveLogin(world.servers);
  const owner = await world.masterOf('kinds:{default}:wait');
  const other = world.servers.find((server) => server !== owner) as RedisServer;
  // The first one is not there: any that answers will do.
  const redis = `redis+cluster://${LOGIN}@127.0.0.1:1,localhost:${other.port}`;
  await expectAllToWork(redis);
  expect(await usersOf(owner)).toMatch(/user=shop/);
  const goflow = createGoflow({ tasks: numbers, redis, prefix: 'kinds' });
  onTestFinished(() => goflow.close());
  expect(await goflow.push('number', 1)).toMatch(/^default:/);
  expect(() => createGoflow({ tasks: numbers, redis, minReplicas: 1 })).toThrow(/minReplicas/);
  const { findings } = await diagnose(redis, ['--prefix', 'kinds']);
  expect(findings).toContainEqual(
    expect.objectContaining({ check: 'cluster', found: expect.stringContaining('no replica') }),
  );
  const plain = await runCli({ redis: other.url, prefix: 'kinds' }, ['push', 'echo', '"x"']);
  expect(plain).toMatchObject({ code: 3, stderr: expect.stringContaining('redis+cluster://') });
});

test('redis+sentinel:// names the master behind Sentinels, for all of them, and after a failover, too', async () => {
  const world = await RedisSentinels.start({ sentinels: 1 });
  onTestFinished(() => world.stop());
  await giveLogin(world.servers);
  const port = world.sentinels[0]?.port;
  const redis = `redis+sentinel://${LOGIN}@127.0.0.1:1,localhost:${port}/${world.name}`;
  await expectAllToWork(redis);
  const master = await world.master();
  expect(await usersOf(master)).toMatch(/user=shop/);
  const { findings, code } = await diagnose(redis, ['--prefix', 'kinds']);
  expect(code).toBe(0);
  expect(findings).toContainEqual(
    expect.objectContaining({ check: 'redis-role', found: expect.stringContaining('a master') }),
  );
  await master.kill9();
  await until(async () => (await world.master()) !== master, { what: 'another master' });
  const place = { redis, prefix: 'kinds' };
  const more = await runCli(place, ['push', 'echo', '"again"', '--wait', '--timeout', '20s']);
  expect(more).toMatchObject({ code: 0, stdout: expect.stringContaining('again') });
});

test('the doctor tells what is wrong with the name: no such master, no sentinel, no Cluster, a Sentinel as a Redis', async () => {
  const { redis } = newPlace();
  const { host } = new URL(redis);
  const world = await RedisSentinels.start({ replicas: 0, sentinels: 1 });
  onTestFinished(() => world.stop());
  const port = world.sentinels[0]?.port;
  const told = async (url: string) => (await callDoctor(url)).stderr;
  expect(await told(`redis+sentinel://127.0.0.1:${port}/nobody`)).toMatch(
    /BROKER_UNAVAILABLE: no sentinel tells of a master nobody \(sentinels: 127/,
  );
  expect(await told('redis+sentinel://127.0.0.1:1/main')).toMatch(/no sentinel .*127.0.0.1:1\)/);
  expect(await told(`redis+cluster://${host}`)).toMatch(/no node of a Redis Cluster: use redis:/);
  expect(await told('redis+cluster://127.0.0.1:1,127.0.0.1:2')).toMatch(/nobody listens at 127/);
  expect(await told(`redis://127.0.0.1:${port}`)).toMatch(/redis\+sentinel:\/\/host:port/);
});

test('a name that is none: said by the command line and by a worker program, without its password', async () => {
  const redis = 'redis+cluster://:canary@a:1,redis+cluster://:canary@b:1';
  const called = await runCli(undefined, ['queues'], { env: { REDIS_URL: redis } });
  expect(called).toMatchObject({ code: 2 });
  const worker = runWorker(['--tasks', TASKS_FILE, '--handlers', '.'], { REDIS_URL: redis });
  expect(await worker.exited).not.toMatchObject({ code: 0 });
  for (const said of [called.stderr, worker.stderr]) {
    expect(said).toMatch(/OPTION_INVALID.*REDIS_URL.*percent-encoded, got "redis\+cluster:\/\/…"/);
    expect(said).not.toContain('canary');
  }
});
