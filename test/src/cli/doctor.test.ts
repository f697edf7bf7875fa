import { fileURLToPath } from 'node:url';
import { createGoflow } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { openRedis } from '../support/redis.js';
import { runCli } from './cli.js';
import {
  diagnose,
  expectOnly,
  plantWorker,
  startHealthy,
  startServer,
  startSystem,
  tasks,
} from './doctor-rig.js';

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
    found: /3600\.\d s ahead of Redis's/,
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
    found: /bull \(1 queue\)/,
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

test('tasks wait, and no worker is alive', async () => {
  const { server, goflow, worker } = await startHealthy();
  await worker.stop();
  await goflow.push('echo', 'x');
  expectOnly(await diagnose(server.url), {
    check: 'workers',
    level: 'problem',
    found: /no worker is alive, and tasks wait: 1$/,
    advice: /goflow-worker/,
  });
});

test('a worker without a handler; one that lacks a handler of a type that waits in its queue', async () => {
  const { server, redis, goflow } = await startHealthy();
  await plantWorker(redis, { types: [] });
  expectOnly(await diagnose(server.url), {
    check: 'workers',
    level: 'problem',
    found: /without a handler: planted:1/,
    advice: /--handlers/,
  });
  await plantWorker(redis, { types: ['slow'] });
  await goflow.push('echo', 'x', { delay: '1h' });
  expectOnly(await diagnose(server.url), {
    check: 'workers',
    level: 'warning',
    found: /planted:1 takes from the queue default but has no handler for echo/,
    advice: /deploy the handlers/,
  });
});

test('a type that waits without a worker; a contract without one', async () => {
  const { server, redis } = await startHealthy();
  const contracts = fileURLToPath(new URL('../fixtures/tasks.mjs', import.meta.url));
  expectOnly(await diagnose(server.url, ['--tasks', contracts]), {
    check: 'types-without-workers',
    level: 'warning',
    found: /contracts .* deaf\.to-signal, escaping, heeds\.signal, held$/,
    advice: /deploy a worker/,
  });
  const job = { name: 'orphan.type', data: 'null', opts: '{}', timestamp: Date.now() };
  await redis.hset('goflow:{default}:AAAAAAAAAAAAAAAAAAAAAA', job);
  await redis.zadd('goflow:{default}:delayed', (Date.now() + 3_600_000) * 4_096, 'A'.repeat(22));
  expectOnly(await diagnose(server.url), {
    check: 'types-without-workers',
    level: 'problem',
    found: /orphan\.type/,
    advice: /deploy a worker/,
  });
});

test('a paused queue, with tasks that wait in it for long', async () => {
  const { server, redis, goflow } = await startHealthy();
  await redis.hset('goflow:{default}:meta', 'paused', 1);
  await goflow.push('echo', 'x');
  await age(redis, 3_600_000);
  expectOnly(await diagnose(server.url), {
    check: 'queues-paused',
    level: 'warning',
    found: /default \(1 wait\)/,
    advice: /goflow resume default/,
  });
});

test('workers with free slots that take nothing', async () => {
  const { server, redis, goflow, worker } = await startHealthy();
  await worker.stop();
  await goflow.push('echo', 'x');
  await age(redis, 60_000);
  await plantWorker(redis, {});
  expectOnly(await diagnose(server.url), {
    check: 'queues-stuck',
    level: 'problem',
    found: /default/,
    advice: /start them anew/,
  });
});

test('tasks that wait too long for workers that are busy', async () => {
  const server = await startServer();
  const { goflow } = await startSystem(server.url, { concurrency: 1 });
  await goflow.push('slow', null);
  await until(async () => (await goflow.counts()).active === 1, { what: 'the slot to be taken' });
  await goflow.push('echo', 'x');
  await age(openRedis(server.url), 600_000);
  expectOnly(await diagnose(server.url), {
    check: 'waiting-time',
    level: 'warning',
    found: /default \(10 m\)/,
    advice: /more workers/,
  });
});

test('a queue that grows', async () => {
  const server = await startServer();
  const { goflow } = await startSystem(server.url, { concurrency: 1 });
  await goflow.push('slow', null);
  const pushing = setInterval(() => void goflow.pushMany('echo', Array(10).fill('x')), 20);
  onTestFinished(() => clearInterval(pushing));
  const diagnosis = await diagnose(server.url, ['--watch', '1s']);
  expectOnly(diagnosis, {
    check: 'queues-growing',
    level: 'warning',
    found: /default \(\d+ to \d+\)/,
    advice: /more workers/,
  });
});

test('active tasks that nobody holds: with a worker that will put them back, and without', async () => {
  const { server, redis, worker } = await startHealthy();
  const job = { name: 'echo', data: '"x"', opts: '{}', timestamp: Date.now(), ats: 1 };
  await redis.hset('goflow:{default}:AAAAAAAAAAAAAAAAAAAAAA', job);
  await redis.lpush('goflow:{default}:active', 'A'.repeat(22));
  expectOnly(await diagnose(server.url), {
    check: 'ownerless-tasks',
    level: 'warning',
    found: /1 in default/,
    advice: /put them back within half a lease/,
  });
  await worker.stop();
  expectOnly(await diagnose(server.url), {
    check: 'ownerless-tasks',
    level: 'problem',
    found: /1 in default/,
    advice: /start a worker for default/,
  });
});

test('dead letters that grow', async () => {
  const { server, goflow } = await startHealthy();
  const ids = await goflow.pushMany('failing', Array(10).fill(null));
  await goflow.waitAll(ids);
  expectOnly(await diagnose(server.url), {
    check: 'dead-letters',
    level: 'warning',
    found: /default \(0 within 0\.6 s, 10 within 10 min\)/,
    advice: /goflow dead list/,
  });
});

test('workers of different releases, and of different envelopes', async () => {
  const { server, redis } = await startHealthy();
  await plantWorker(redis, { version: '0.0.9' });
  expectOnly(await diagnose(server.url), {
    check: 'worker-versions',
    level: 'warning',
    found: /different releases: 0\.0\.9, 0\.1\.0/,
    advice: /finish the deployment/,
  });
  await plantWorker(redis, { envelopeVersion: undefined });
  expectOnly(await diagnose(server.url), {
    check: 'worker-versions',
    level: 'warning',
    found: /different envelopes: versions 1, 2/,
    advice: /finish the deployment/,
  });
});

test('an event loop that was blocked, of a worker whose name is an attack on the terminal', async () => {
  const { server, redis } = await startHealthy();
  await plantWorker(redis, { name: 'a\u001b[2Jb', eventLoopLagMs: 16_000 });
  expectOnly(await diagnose(server.url), {
    check: 'event-loop',
    level: 'problem',
    found: /up to 16\.0 s/,
    advice: /run it in a thread/,
  });
  const { stdout } = await runCli(undefined, ['doctor', '--redis', server.url, '--watch', '500ms']);
  expect(stdout).not.toContain('\u001b');
  expect(stdout).toMatch(/✗ problem +event-loop/);
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
}, 60_000);

/** Makes all tasks older that wait in the queue `default`. */
async function age(redis: ReturnType<typeof openRedis>, ms: number): Promise<void> {
  for (const id of await redis.lrange('goflow:{default}:wait', 0, -1))
    await redis.hincrby(`goflow:{default}:${id}`, 'timestamp', -ms);
}
