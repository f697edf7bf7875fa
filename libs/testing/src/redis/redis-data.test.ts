import { existsSync } from 'node:fs';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { askRedis } from './ask-redis.js';
import { RedisServer } from './redis-server.js';

const LASTING = { args: ['--appendonly', 'yes', '--appendfsync', 'always'] };

test('truncateAppendOnlyFile() loses the last writes, and no others', async () => {
  await using server = await RedisServer.start(LASTING);
  await askRedis(server, 'SET', 'first', '1');
  await askRedis(server, 'SET', 'last', '2');
  await expect(server.truncateAppendOnlyFile(5)).rejects.toThrow('running: call kill9() first');
  await server.kill9();
  expect(server.isRunning).toBe(false);
  expect(await server.truncateAppendOnlyFile(5)).toBe(5);
  await server.restart();
  expect(await askRedis(server, 'MGET', 'first', 'last')).toEqual(['1', null]);
});

test('truncateAppendOnlyFile() cuts the newest file, and no more than there is', async () => {
  await using server = await RedisServer.start(LASTING);
  await askRedis(server, 'SET', 'base', '1');
  await askRedis(server, 'BGREWRITEAOF');
  const redis = new Redis(server.url);
  onTestFinished(() => redis.disconnect());
  await expect.poll(() => redis.info('persistence')).toContain('aof_rewrite_in_progress:0');
  await expect.poll(() => redis.info('persistence')).toContain('aof_rewrite_scheduled:0');
  await redis.set('late', '1');
  redis.disconnect();
  await server.kill9();
  const cut = await server.truncateAppendOnlyFile(1_000_000);
  expect(cut).toBeGreaterThan(20);
  expect(cut).toBeLessThan(1_000);
  await server.restart();
  expect(await askRedis(server, 'MGET', 'base', 'late')).toEqual(['1', null]);
});

test('truncateAppendOnlyFile() of a server that keeps none says so', async () => {
  await using server = await RedisServer.start();
  await server.kill9();
  await expect(server.truncateAppendOnlyFile(1)).rejects.toThrow('--appendonly yes');
});

test('copyData() and restoreData() bring an older state back', async () => {
  const server = await RedisServer.start(LASTING);
  onTestFinished(() => server.stop());
  await askRedis(server, 'SET', 'old', '1');
  const copy = await server.copyData();
  await askRedis(server, 'SET', 'new', '1');
  await expect(server.restoreData(copy)).rejects.toThrow('running');
  await server.kill9();
  await server.restoreData(copy);
  await server.restart();
  expect(await askRedis(server, 'MGET', 'old', 'new')).toEqual(['1', null]);
  await server.stop();
  expect([existsSync(copy), existsSync(server.dataDir)]).toEqual([false, false]);
});

test('a configuration file is read and written by the server, and arguments win over it', async () => {
  const config = 'maxclients 77\nappendonly yes\n';
  await using server = await RedisServer.start({ config, args: ['--appendonly', 'no'] });
  expect(await askRedis(server, 'CONFIG', 'GET', 'appendonly')).toEqual(['appendonly', 'no']);
  expect(await askRedis(server, 'CONFIG', 'GET', 'maxclients')).toEqual(['maxclients', '77']);
  await askRedis(server, 'CONFIG', 'SET', 'maxclients', '78');
  await askRedis(server, 'CONFIG', 'REWRITE');
  await server.restart();
  expect(await askRedis(server, 'CONFIG', 'GET', 'maxclients')).toEqual(['maxclients', '78']);
});
