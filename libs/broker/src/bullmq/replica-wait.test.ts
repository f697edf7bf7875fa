import { RedisServer, until } from '@goflow/testing';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { ReplicaWait } from './replica-wait.js';

async function open() {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const [redis, admin] = [new Redis(server.url), new Redis(server.url)];
  onTestFinished(() => {
    for (const one of [redis, admin]) one.disconnect();
  });
  await redis.ping();
  // No replica is needed for what is looked at here.
  return { redis, admin, replicas: new ReplicaWait(redis, { wanted: 0, timeoutMs: 100 }) };
}

test('a write whose connection was another one is to be made again: the WAIT says nothing of it', async () => {
  const { redis, admin, replicas } = await open();
  const socket = redis.stream;
  const write = async (): Promise<void> => {
    await redis.set('key', 'value');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until(() => redis.stream !== socket && redis.status === 'ready', { what: 'a new one' });
  };
  await expect(replicas.confirmed(write)).rejects.toThrow('Connection is closed.');
  expect(await replicas.confirmed(() => redis.set('key', 'value'))).toBe('OK');
});

test('a server that was demoted before it was asked is one that is read only: that makes the client look for the master', async () => {
  const { redis, admin, replicas } = await open();
  const write = async (): Promise<void> => {
    await redis.set('key', 'value');
    await admin.replicaof('127.0.0.1', 1);
  };
  await expect(replicas.confirmed(write)).rejects.toThrow(/^READONLY /);
});

test('an error of the write is its own, and outcomes that are all errors wait for no replica', async () => {
  const { admin, replicas } = await open();
  await expect(replicas.confirmed(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  const outcomes = [new Error('a'), new Error('b')];
  expect(await replicas.confirmed(() => Promise.resolve(outcomes))).toBe(outcomes);
  expect(await admin.info('commandstats')).not.toContain('cmdstat_wait');
});

test('while one WAIT is on its way, all writes that end share the next', async () => {
  const { redis, admin } = await open();
  // Nobody is there: each WAIT takes its whole time.
  const replicas = new ReplicaWait(redis, { wanted: 1, timeoutMs: 100 });
  const confirmed: Promise<PromiseSettledResult<unknown>[]>[] = [];
  const more = (): boolean => {
    confirmed.push(Promise.allSettled([replicas.confirmed(() => Promise.resolve('written'))]));
    return confirmed.length === 20;
  };
  await until(more, { what: 'twenty writes, one a turn', everyMs: 2 });
  for (const { status } of (await Promise.all(confirmed)).flat()) expect(status).toBe('rejected');
  const calls = /cmdstat_wait:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1];
  expect(Number(calls)).toBeLessThan(6);
});
