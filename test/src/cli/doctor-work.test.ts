import { fileURLToPath } from 'node:url';
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
} from './doctor-rig.js';

// Faults of workers and queues, each planted alone, and nothing but it may be told. Those of Redis: doctor.test.ts.

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

test('tasks wait, or are due, in a queue that no live worker takes from', async () => {
  const { server, redis } = await startHealthy();
  const push = ['push', 'echo', '"x"', '--queue', 'nosuchq', '--redis', server.url];
  const pushed = await runCli(undefined, push);
  expect(pushed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^nosuchq:/) });
  expect(pushed.stderr).toContain('no live worker takes from nosuchq');
  const told = {
    check: 'queues-without-workers',
    level: 'problem',
    found: /no live worker takes from: nosuchq \(1 wait\)$/,
    advice: /goflow list --queue nosuchq/,
  };
  expectOnly(await diagnose(server.url), told);
  const id = await redis.lpop('goflow:{nosuchq}:wait');
  await redis.zadd('goflow:{nosuchq}:delayed', (Date.now() - 1_000) * 4_096, id ?? '');
  expectOnly(await diagnose(server.url), told);
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
    found: /default \(0 within 600 ms, 10 within 10 min\)/,
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
    found: /up to 16 s/,
    advice: /run it in a thread/,
  });
  const { stdout } = await runCli(undefined, ['doctor', '--redis', server.url, '--watch', '500ms']);
  expect(stdout).not.toContain('\u001b');
  expect(stdout).toMatch(/✗ problem +event-loop/);
});

/** Makes all tasks older that wait in the queue `default`. */
async function age(redis: ReturnType<typeof openRedis>, ms: number): Promise<void> {
  for (const id of await redis.lrange('goflow:{default}:wait', 0, -1))
    await redis.hincrby(`goflow:{default}:${id}`, 'timestamp', -ms);
}
