import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  type ChildProgram,
  createTestCertificates,
  FaultProxy,
  freePort,
  RedisServer,
  startProgram,
  until,
} from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { openRedis } from '../support/redis.js';
import { type CallOptions, GOFLOW, runInTerminal } from './cli.js';
import { callDoctor, diagnose, expectOnly, startHealthy, startServer } from './doctor-rig.js';

// Redis cannot be reached: exit code 3, and the cause.

async function expectUnreachable(url: string, told: RegExp, more: CallOptions = {}): Promise<void> {
  const { code, stdout, stderr } = await callDoctor(url, ['--timeout', '1s'], more);
  expect(stderr).toMatch(told);
  expect(stderr).not.toContain('secret');
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
}

test('nobody listens; the name does not exist; what answers is no Redis', async () => {
  await expectUnreachable(`redis://127.0.0.1:${await freePort()}`, /nobody listens at 127/);
  await expectUnreachable(
    'redis://no-such-host.invalid',
    /no-such-host\.invalid cannot be resolved/,
  );
  const web = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void web.close());
  const { port } = web.address() as { port: number };
  await expectUnreachable(`redis://127.0.0.1:${port}`, /is no Redis/);
});

test('a Redis that accepts connections and stands still: within its time', async () => {
  const server = await startServer();
  server.pause();
  onTestFinished(() => server.resume());
  await expectUnreachable(server.url, /no answer from 127\.0\.0\.1:\d+ within 1000 ms/);
});

test('a Redis that is away in the middle of it', async () => {
  const server = await startServer();
  const redis = openRedis(server.url);
  const calling = callDoctor(server.url, ['--watch', '30s', '--timeout', '1s', '--json']);
  await until(async () => ((await redis.client('LIST')) as string).includes('doctor'), {
    what: 'the doctor to be connected',
  });
  await server.kill9();
  const { code, stderr } = await calling;
  expect({ code }).toEqual({ code: 3 });
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'BROKER_UNAVAILABLE' } });
});

test('TLS on one side only, and a certificate that nobody knows', async () => {
  const plain = await startServer();
  await expectUnreachable(plain.url.replace('redis:', 'rediss:'), /speaks no TLS: use redis:/);
  const tls = await createTestCertificates();
  onTestFinished(() => tls.remove());
  const server = await RedisServer.start({ tls, args: ['--appendonly', 'yes'] });
  onTestFinished(() => server.stop());
  await expectUnreachable(server.url.replace('rediss:', 'redis:'), /TLS only: use rediss:/);
  await expectUnreachable(server.url, /certificate of 127\.0\.0\.1:\d+ is not accepted/);
  const env = { NODE_EXTRA_CA_CERTS: tls.caFile };
  expect(await diagnose(server.url, [], { env })).toMatchObject({ bad: [], code: 0 });
});

test('a wrong password, none, a user without any right, no room, no such database', async () => {
  const server = await RedisServer.start({ password: 'right', args: ['--appendonly', 'yes'] });
  onTestFinished(() => server.stop());
  await expectUnreachable(server.url.replace('right', 'secret'), /WRONGPASS/);
  await expectUnreachable(server.url.replace(':right@', ''), /NOAUTH/);
  const admin = openRedis(server.url);
  await admin.call('ACL', 'SETUSER', 'nobody', 'on', '>secret', '-@all');
  await expectUnreachable(server.url.replace(':right', 'nobody:secret'), /NOPERM/);
  await expectUnreachable(`${server.url}/99`, /DB index is out of range/);
  await admin.config('SET', 'maxclients', 1);
  await expectUnreachable(server.url, /maxclients/);
});

test.each([1, 2])(
  'a Redis that takes %i connections, too few: that is told, and it ends',
  async (room) => {
    const server = await startServer();
    const admin = openRedis(server.url);
    await admin.config('SET', 'maxclients', room);
    await admin.quit();
    const { bad, code } = await diagnose(server.url, ['--timeout', '1s']);
    expect(bad).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          check: 'clients',
          level: 'problem',
          found: expect.stringContaining(`1 of ${room} connections`),
        }),
        expect.objectContaining({ check: 'rights', level: 'unknown' }),
      ]),
    );
    expect(code).toBe(1);
  },
);

test('a Sentinel in place of its master', async () => {
  const server = await RedisServer.start({ args: ['--sentinel'], config: '\n' });
  onTestFinished(() => server.stop());
  await expectUnreachable(server.url, /this is a Sentinel/);
});

test('the least rights of docs/redis.md: what may not be asked is unknown, and nothing else is bad', async () => {
  const { server, redis } = await startHealthy();
  const page = readFileSync(
    fileURLToPath(new URL('../../../docs/redis.md', import.meta.url)),
    'utf8',
  );
  const rule = /```\n(user goflow[\s\S]*?)```/.exec(page)?.[1] ?? '';
  const words = rule.split(/\s+/).filter(Boolean).slice(2);
  const isBefore72 = /redis_version:(?:6|7\.[01])\./.test(await redis.info('server'));
  const known = words.filter((word) => !(isBefore72 && word === '+client|setinfo'));
  await redis.call('ACL', 'SETUSER', 'goflow', ...known);
  const url = server.url.replace('redis://', 'redis://goflow:password@');
  expect(await diagnose(url)).toMatchObject({ bad: [], code: 0 });
  // Whether there are snapshots is only in the configuration, which this user may not read.
  await redis.config('SET', 'appendonly', 'no');
  expect(await diagnose(url)).toMatchObject({
    bad: [{ check: 'persistence', level: 'unknown' }],
    code: 0,
  });
  await redis.call('ACL', 'SETUSER', 'goflow', '-eval', '-evalsha', '-hscan', '-scan', '-time');
  const { bad, code } = await diagnose(url);
  expect(bad.find(({ check }) => check === 'rights')).toMatchObject({ level: 'problem' });
  expect(bad.filter(({ level }) => level === 'problem')).toHaveLength(1);
  const unknown = bad.filter(({ level }) => level === 'unknown').map(({ check }) => check);
  expect(unknown).toEqual(expect.arrayContaining(['clock', 'prefixes', 'workers', 'queues-stuck']));
  expect(code).toBe(1);
});

test('options that are none; a terminal gets colours, and lines that fit', async () => {
  const server = await startServer();
  expect(await callDoctor(server.url, ['--watch', '1ms'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Expected `--watch` to be a duration'),
  });
  const { code, stdout } = await runInTerminal(
    undefined,
    // Digits alone are milliseconds, here as everywhere.
    ['doctor', '--redis', server.url, '--watch', '500', '--timeout', '9000'],
    { columns: 60 },
  );
  expect(code).toBe(0);
  expect(stdout).toContain('\u001b[32m✓ ok');
  expect(stdout).toMatch(/redis-version +Redis \d/);
});

test('a Redis that is far away', async () => {
  const { server } = await startHealthy();
  const proxy = await FaultProxy.start({ targetPort: server.port });
  onTestFinished(() => proxy.stop());
  const url = `redis://127.0.0.1:${proxy.port}`;
  proxy.setLatency(40);
  expectOnly(await diagnose(url), {
    check: 'latency',
    level: 'warning',
    found: /an answer takes \d+ ms/,
    advice: /near Redis/,
  });
});

test('Ctrl-C ends it at once: while it watches, and while Redis does not answer', async () => {
  const { server, redis } = await startHealthy();
  const watching = startDoctor(server.url, ['--watch', '5m']);
  await until(async () => ((await redis.client('LIST')) as string).includes('goflow-doctor'), {
    what: 'the doctor to be connected',
  });
  await expectInterrupted(watching);
  let socket: Socket | undefined;
  const silent = createServer((arrived) => {
    socket = arrived.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as { port: number };
  const waiting = startDoctor(`redis://127.0.0.1:${port}`, ['--timeout', '1m']);
  onTestFinished(() => void socket?.destroy());
  await until(() => socket !== undefined, { what: 'the doctor to come' });
  await expectInterrupted(waiting);
});

function startDoctor(url: string, flags: readonly string[]): ChildProgram {
  const program = startProgram(GOFLOW, ['doctor', '--redis', url, ...flags]);
  onTestFinished(() => program[Symbol.asyncDispose]());
  return program;
}

async function expectInterrupted(program: ChildProgram): Promise<void> {
  const startedAt = performance.now();
  program.signal('SIGINT');
  expect(await program.exited).toMatchObject({ code: 130 });
  expect(performance.now() - startedAt).toBeLessThan(5_000);
}
