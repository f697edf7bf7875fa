import { createGoflow } from '@goflow/sdk';
import { RedisServer, until } from '@goflow/testing';
import { Cluster, type Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { openRedis } from '../support/redis.js';
import { numbers } from '../support/steady-load.js';

async function startPair() {
  // By itself a master waits 5 s before it brings a replica in step, and when it is stopped for replicas that are.
  const quick = ['--repl-diskless-sync-delay', '0', '--shutdown-timeout', '0'];
  const master = await RedisServer.start({ args: quick });
  onTestFinished(() => master.stop());
  const replica = await RedisServer.start({
    args: ['--replicaof', '127.0.0.1', `${master.port}`, ...quick],
  });
  onTestFinished(() => replica.stop());
  const admin = openRedis(master.url);
  const isInStep = async (): Promise<boolean> => {
    await admin.set('any', 'value');
    return (await admin.wait(1, 100)) === 1;
  };
  await until(isInStep, { what: 'the replica to be in step' });
  return { master, replica, admin };
}

function open(redis: string, more: { readonly [name: string]: unknown } = {}) {
  const goflow = createGoflow({ tasks: numbers, redis, minReplicas: 1, ...more });
  onTestFinished(() => goflow.close());
  return goflow;
}

/** Calls of WAIT that a server was sent since its start. */
async function waitsOf(redis: Redis): Promise<number> {
  return Number(/cmdstat_wait:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
}

test('with minReplicas a push resolves when a replica has it, and pushes of one turn share one WAIT', async () => {
  const { master, replica, admin } = await startPair();
  const before = await waitsOf(admin);
  const goflow = open(master.url);
  await goflow.push('number', 0);
  expect((await waitsOf(admin)) - before).toBe(1);
  const ids = await Promise.all(Array.from({ length: 50 }, (_, n) => goflow.push('number', n)));
  // Sixteen share a call, so their answers come in a few turns: never one WAIT for each.
  expect((await waitsOf(admin)) - before).toBeLessThan(8);
  await goflow.pushMany('number', [1, 2, 3]);
  await goflow.pushMany('number', [1, 2, 3], { chunk: 3 });
  await goflow.push('number', 1, { id: 'mine', tags: ['eu'] });
  // The master dies: the replica has it all.
  await master.kill9();
  const there = openRedis(replica.url);
  expect(await there.exists(...ids.map((id) => `goflow:{default}:${id.split(':')[1]}`))).toBe(50);
  expect(await there.llen('goflow:{default}:wait')).toBe(1 + 50 + 3 + 1 + 1);
});

test('what is said to the fleet waits for replicas, too, and REPLICAS_MISSING says that they do not have it', async () => {
  const { master, replica, admin } = await startPair();
  const goflow = open(master.url, { replicaTimeout: '200ms' });
  await goflow.push('number', 0);
  const { fleet } = goflow;
  const by = 'ada';
  const changes = [
    () => fleet.setConcurrency(5, { by }),
    () => fleet.pause('default', { by }),
    () => fleet.resume('default', { by }),
    () => fleet.resetConcurrency({ by }),
  ];
  for (const change of changes) {
    const before = await waitsOf(admin);
    await change();
    expect((await waitsOf(admin)) - before).toBe(1);
  }
  const before = await waitsOf(admin);
  expect([await fleet.rules(), (await fleet.audit()).length]).toEqual([[], 4]);
  expect(await waitsOf(admin)).toBe(before);
  replica.pause();
  for (const change of changes.slice(0, 2))
    await expect(change()).rejects.toMatchObject({
      code: 'REPLICAS_MISSING',
      message: 'the change is in Redis, but only 0 of 1 replicas have it by now',
    });
  expect(await fleet.rules()).toMatchObject([{ concurrency: 5 }]);
  expect(await fleet.audit()).toHaveLength(6);
});

test('a frozen replica: REPLICAS_MISSING, the task is in the master, and is there once when it is pushed again with its own id', async () => {
  const { master, replica } = await startPair();
  const goflow = open(master.url, { replicaTimeout: '200ms' });
  await goflow.push('number', 0);
  replica.pause();
  const missing = {
    code: 'REPLICAS_MISSING',
    retryable: true,
    details: { sent: true, replicas: 0, wanted: 1 },
  };
  const own = goflow.idOf('number', 'mine');
  await expect(goflow.push('number', 1, { id: 'mine' })).rejects.toMatchObject({
    ...missing,
    message: expect.stringContaining(own),
    details: { ...missing.details, id: own },
  });
  const error = await goflow.push('number', 0).catch((thrown: unknown) => thrown);
  expect(await goflow.getResult(idIn(error))).toMatchObject({ status: 'waiting' });
  expect(await goflow.getResult(goflow.idOf('number', 'mine'))).toMatchObject({
    status: 'waiting',
  });
  const many = await goflow.pushMany('number', [1, 2]).catch((error: unknown) => error);
  expect(many).toMatchObject({
    code: 'PUSH_INCOMPLETE',
    outcomes: [{ error: missing }, { error: missing }],
  });
  expectOwnIds(many);
  const chunks = await goflow.pushMany('number', [1, 2], { chunk: 1 }).catch((error) => error);
  expect(chunks).toMatchObject({ code: 'PUSH_INCOMPLETE' });
  const inChunks = goflow.pushMany('number', [1, 2, 3, 4], { chunk: 2 });
  const ofChunks = await inChunks.catch((error: unknown) => error);
  expect(ofChunks).toMatchObject({
    outcomes: [missing, missing, missing, missing].map((error) => ({ error })),
  });
  expectOwnIds(ofChunks);
  for await (const { error } of goflow.map('number', [1, 2], { chunk: 2 }))
    expect(await goflow.getResult(idIn(error))).toMatchObject({ status: 'waiting' });
  replica.resume();
  expect(await goflow.pushOnce('number', 1, { id: 'mine' })).toMatchObject({ deduplicated: true });
  expect(await goflow.counts()).toMatchObject({ waiting: 1 + 1 + 1 + 2 + 2 + 4 + 2 });
});

const idIn = (error: unknown): string =>
  (error as { readonly details: { readonly id: string } }).details.id;

/** Each task that arrived is told by its own id. */
function expectOwnIds(error: unknown): void {
  const { outcomes } = error as { readonly outcomes: readonly { readonly id: string }[] };
  expect(outcomes).toMatchObject(outcomes.map(({ id }) => ({ error: { details: { id } } })));
}

test('pushes that come while replicas are waited for have their answer in time, all of them', async () => {
  const { master, replica } = await startPair();
  const goflow = open(master.url, { replicaTimeout: '300ms', timeout: '5s' });
  await goflow.push('number', 0);
  replica.pause();
  const startedAt = performance.now();
  const pushes: Promise<PromiseSettledResult<unknown>[]>[] = [];
  await until(
    () => {
      pushes.push(Promise.allSettled([goflow.push('number', pushes.length)]));
      return pushes.length === 100;
    },
    { what: 'a hundred pushes in as many turns', everyMs: 2 },
  );
  const settled = (await Promise.all(pushes)).flat();
  const codes = settled.map((one) => (one.status === 'rejected' ? one.reason.code : 'pushed'));
  expect(new Set(codes)).toEqual(new Set(['REPLICAS_MISSING']));
  // One after another they would take half a minute.
  expect(performance.now() - startedAt).toBeLessThan(4_000);
  replica.resume();
  await goflow.push('number', 0);
});

test('a master that is demoted while replicas are waited for refuses the push', async () => {
  const { master, replica, admin } = await startPair();
  const goflow = open(master.url, { replicaTimeout: '1s', timeout: '1s' });
  await goflow.push('number', 0);
  replica.pause();
  const pushing = goflow.push('number', 1).catch((error: unknown) => error);
  await until(() => isBlocked(admin), { what: 'the WAIT to be there' });
  await admin.replicaof('127.0.0.1', 1);
  expect(await pushing).toMatchObject({ code: 'BROKER_REFUSED', details: { reason: 'READONLY' } });
  replica.resume();
});

test('a connection that is cut while replicas are waited for: the next server may not have the task, so it is pushed again', async () => {
  const { master, replica, admin } = await startPair();
  const goflow = open(master.url, { replicaTimeout: '2s', timeout: '10s' });
  await goflow.push('number', 0);
  replica.pause();
  const pushing = goflow.push('number', 1);
  await until(() => isBlocked(admin), { what: 'the WAIT to be there' });
  await admin.flushall();
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  replica.resume();
  expect(await goflow.getResult(await pushing)).toMatchObject({ status: 'waiting' });
  expect(await goflow.counts()).toMatchObject({ waiting: 1 });
});

test('min-replicas-to-write: a master without replicas takes nothing, and the push says NOREPLICAS', async () => {
  const server = await RedisServer.start({ args: ['--min-replicas-to-write', '1'] });
  onTestFinished(() => server.stop());
  const goflow = open(server.url, { minReplicas: 0, timeout: '300ms' });
  await expect(goflow.push('number', 1)).rejects.toMatchObject({
    code: 'BROKER_REFUSED',
    details: { reason: 'NOREPLICAS' },
  });
});

async function isBlocked(redis: Redis): Promise<boolean> {
  return (await redis.info('clients')).includes('blocked_clients:1');
}

test.each([
  [{ minReplicas: -1 }],
  [{ minReplicas: 11 }],
  [{ minReplicas: 1.5 }],
  [{ minReplicas: '1' }],
  [{ replicaTimeout: '5s' }],
  [{ replicaTimeout: 0 }],
  [{ replicaTimeout: '2s', timeout: '1s' }],
])('%j is refused', (options) => {
  const [name] = Object.keys(options);
  const given = options as object;
  const make = (): unknown => createGoflow({ tasks: numbers, redis: 'redis://h', ...given });
  expect(make).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      details: { option: name, rule: expect.anything() },
    }) as Error,
  );
});

test('minReplicas is refused with a Redis Cluster, and with a broker', () => {
  const cluster = new Cluster([], { lazyConnect: true });
  const refused = expect.objectContaining({ code: 'OPTION_INVALID' }) as Error;
  expect(() => createGoflow({ tasks: numbers, redis: cluster, minReplicas: 1 })).toThrow(refused);
  const broker = { push: () => undefined } as never;
  expect(() => createGoflow({ tasks: numbers, broker, minReplicas: 1 })).toThrow(refused);
});
