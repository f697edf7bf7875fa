import { fileURLToPath } from 'node:url';
import { createGoflow } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { openRedis } from '../support/redis.js';
import { runCli } from './cli.js';
import { diagnose, expectOnly, startHealthy, startServer, tasks } from './doctor-rig.js';

// Each fault is planted alone, and nothing but it may be told.

test('a healthy system: every check is ok, and nothing is invented', async () => {
  const { server, redis } = await startHealthy();
  const before = (await redis.keys('*')).sort();
  const { bad, findings, code } = await diagnose(server.url, ['--strict']);
  expect(bad).toEqual([]);
  expect(findings.length).toBeGreaterThan(20);
  expect(code).toBe(0);
  // It looks, and leaves no trace.
  expect((await redis.keys('*')).sort()).toEqual(before);
});

test('maxmemory-policy allkeys-lru', async () => {
  const { server } = await startHealthy(['--maxmemory-policy', 'allkeys-lru']);
  expectOnly(await diagnose(server.url), {
    check: 'eviction',
    level: 'problem',
    found: /allkeys-lru/,
    advice: /CONFIG SET maxmemory-policy noeviction/,
  });
});

test('no append-only file and no snapshots; snapshots only', async () => {
  const { server, redis } = await startHealthy(['--appendonly', 'no']);
  expectOnly(await diagnose(server.url), {
    check: 'persistence',
    level: 'problem',
    found: /keeps nothing on disk/,
    advice: /CONFIG SET appendonly yes/,
  });
  await redis.config('SET', 'save', '3600 1');
  expectOnly(await diagnose(server.url), {
    check: 'persistence',
    level: 'warning',
    found: /snapshots only/,
    advice: /CONFIG SET appendonly yes/,
  });
});

test('memory nearly used up', async () => {
  const { server, redis } = await startHealthy();
  const used = /used_memory:(\d+)/.exec(await redis.info('memory'))?.[1];
  await redis.config('SET', 'maxmemory', Math.round(Number(used) / 0.8));
  const { bad } = await diagnose(server.url);
  expect(bad).toMatchObject([{ check: 'memory', found: expect.stringMatching(/of maxmemory/) }]);
  expect(bad[0]?.advice).toMatch(/raise maxmemory/);
});

test('hardly any room for another connection', async () => {
  const { server, redis } = await startHealthy();
  const connected = Number(/connected_clients:(\d+)/.exec(await redis.info('clients'))?.[1]);
  await redis.config('SET', 'maxclients', connected + 3);
  const { bad } = await diagnose(server.url);
  expect(bad).toMatchObject([{ check: 'clients', found: expect.stringMatching(/connections/) }]);
  expect(bad[0]?.advice).toMatch(/raise maxclients/);
});

test('a replica in place of its master', async () => {
  const { server } = await startHealthy(['--repl-diskless-sync-delay', '0']);
  const replica = await startServer(['--replicaof', `127.0.0.1 ${server.port}`]);
  const link = openRedis(replica.url);
  await until(async () => (await link.info('replication')).includes('master_link_status:up'), {
    what: 'the replica to be in step',
  });
  expectOnly(await diagnose(replica.url), {
    check: 'redis-role',
    level: 'problem',
    found: new RegExp(`replica of 127.0.0.1:${server.port}`),
    advice: new RegExp(`redis://127.0.0.1:${server.port}`),
  });
});

test('a clock that is an hour wrong', async () => {
  const { server } = await startHealthy();
  const skew = fileURLToPath(new URL('../fixtures/skew.mjs', import.meta.url));
  const env = { NODE_OPTIONS: `--import ${skew}`, SKEW_MS: '3600000' };
  expectOnly(await diagnose(server.url, [], { env }), {
    check: 'clock',
    level: 'warning',
    found: /(60 m|1 h) ahead of Redis's/,
    advice: /time service/,
  });
});

test('missing rights: each is named, whether it is a command, a channel or a transaction', async () => {
  const { server, redis } = await startHealthy();
  const rights = ['+@all', '-zadd', '-exec', '-subscribe'];
  await redis.call(
    'ACL',
    'SETUSER',
    'limited',
    'on',
    '>secret',
    '~goflow:*',
    '&goflow:*',
    ...rights,
  );
  const diagnosis = await diagnose(server.url.replace('redis://', 'redis://limited:secret@'));
  expectOnly(diagnosis, {
    check: 'rights',
    level: 'problem',
    found: /lacks rights: exec, subscribe, zadd$/,
    advice: /ACL SETUSER <user> \+exec \+subscribe \+zadd/,
  });
});

test('queues of another prefix in the same Redis', async () => {
  const { server, redis } = await startHealthy();
  await redis.hset('bull:mails:meta', { version: 'bullmq:5.0.0', 'opts.maxLenEvents': 10_000 });
  // Somebody else's, and no queue.
  await redis.hset('user:42:meta', { name: 'x' });
  await redis.set('page:1:meta', 'x');
  expectOnly(await diagnose(server.url), {
    check: 'prefixes',
    level: 'warning',
    found: /too: bull \(1 queue\)\./,
    advice: /Redis of its own/,
  });
  expect((await diagnose(server.url, ['--strict'])).code).toBe(1);
});

test('the wrong prefix: nothing there, but something elsewhere', async () => {
  const { server, redis } = await startHealthy();
  expectOnly(await diagnose(server.url, ['--prefix', 'goflo']), {
    check: 'prefixes',
    level: 'problem',
    found: /nothing lies under the prefix goflo, but .* goflow/,
    advice: /--prefix goflow/,
  });
  expect(await redis.keys('goflo:*')).toEqual([]);
});

test('100,000 tasks wait: it ends within 5 s', async () => {
  const server = await startServer();
  const goflow = createGoflow({ tasks, redis: server.url });
  onTestFinished(() => goflow.close());
  for (let sent = 0; sent < 100_000; sent += 10_000)
    await goflow.pushMany('echo', Array(10_000).fill('x'));
  const startedAt = performance.now();
  const { code, stdout } = await runCli(undefined, ['doctor', '--redis', server.url, '--json']);
  const tookMs = performance.now() - startedAt;
  expect(code).toBe(1);
  expect(stdout).toContain('no worker is alive, and tasks wait: 100,000');
  expect(tookMs).toBeLessThan(5_000);
});
