import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../machine/free-port.js';
import { startProgram } from '../process/child-program.js';
import { until } from '../wait/until.js';
import { answersPing } from './redis-ping.js';
import { RedisServer } from './redis-server.js';

test('is private, in memory, and never evicts', async () => {
  await using server = await RedisServer.start();
  const redis = client(server);
  const settings = await Promise.all(
    ['bind', 'save', 'appendonly', 'maxmemory-policy', 'dir'].map((name) =>
      redis.config('GET', name),
    ),
  );
  expect(settings).toEqual([
    ['bind', '127.0.0.1'],
    ['save', ''],
    ['appendonly', 'no'],
    ['maxmemory-policy', 'noeviction'],
    ['dir', server.dataDir],
  ]);
  expect(await redis.info('server')).toContain(`process_id:${server.pid}\r\n`);
  expect(server.url).toBe(`redis://127.0.0.1:${server.port}`);
});

test('stop() ends the process and removes the data, and may be called twice', async () => {
  const server = await RedisServer.start();
  const { pid, dataDir } = server;
  expect(existsSync(dataDir)).toBe(true);
  await server.stop();
  await server.stop();
  expect(isAlive(pid)).toBe(false);
  expect(existsSync(dataDir)).toBe(false);
  expect(() => server.pid).toThrow('not running');
  await expect(server.restart()).rejects.toThrow('start a new one');
});

test('kill9() loses what is in memory, unless it was appended to a file', async () => {
  await using forgetful = await RedisServer.start();
  await using lasting = await RedisServer.start({
    args: ['--appendonly', 'yes', '--appendfsync', 'always'],
  });
  for (const [server, expected] of [
    [forgetful, null],
    [lasting, 'value'],
  ] as const) {
    await client(server).set('key', 'value');
    const { pid, port } = server;
    await server.kill9();
    expect(isAlive(pid)).toBe(false);
    await server.restart();
    expect(server.pid).not.toBe(pid);
    expect(server.port).toBe(port);
    expect(await client(server).get('key')).toBe(expected);
  }
});

test('restart() of a running server keeps its port', async () => {
  await using server = await RedisServer.start();
  const { pid, url } = server;
  await server.restart();
  expect(server.pid).not.toBe(pid);
  expect(server.url).toBe(url);
  expect(await client(server).ping()).toBe('PONG');
});

test('pause() freezes it until resume()', async () => {
  await using server = await RedisServer.start();
  const redis = client(server);
  await redis.ping();
  server.pause();
  let answered = false;
  const ping = redis.ping().then(() => (answered = true));
  // Gives up after a second.
  expect(await answersPing(server)).toBe(false);
  expect(answered).toBe(false);
  server.resume();
  await ping;
});

test('stop() ends a frozen server in an orderly way too', async () => {
  const server = await RedisServer.start();
  server.pause();
  const began = performance.now();
  await server.stop();
  expect(performance.now() - began).toBeLessThan(2_500);
});

test('a password is asked for, and is part of the url', async () => {
  await using server = await RedisServer.start({ password: 'p@ss word' });
  expect(await client(server).ping()).toBe('PONG');
  const stranger = new Redis(server.port, { lazyConnect: true });
  stranger.on('error', () => undefined);
  onTestFinished(() => stranger.disconnect());
  await expect(stranger.ping()).rejects.toThrow('NOAUTH');
});

test("a folder given by the caller is the caller's to remove", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'goflow-given-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const server = await RedisServer.start({ dataDir });
  await server.stop();
  expect(existsSync(dataDir)).toBe(true);
});

test('a server that does not start is told with its log', async () => {
  await expect(RedisServer.start({ args: ['--no-such-option', '1'] })).rejects.toThrow(
    /did not start on port \d+: it ended \(code 1, signal null\).*no-such-option/s,
  );
  await expect(RedisServer.start({ program: '/no/such/program' })).rejects.toThrow(
    'could not run /no/such/program',
  );
});

test('a port that is in use is told as such', async () => {
  const port = await freePort();
  const holder = createServer((socket) => socket.destroy());
  onTestFinished(() => new Promise((resolve) => holder.close(() => resolve())));
  await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
  await expect(RedisServer.start({ port })).rejects.toThrow(`port ${port} is in use`);
});

test.each(['exit', 'SIGTERM', 'an error'])(
  'it does not outlive a process ended by %s',
  async (end) => {
    const dir = await mkdtemp(join(tmpdir(), 'goflow-owner-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    await using owner = startProgram(await ownerProgram(dir, end));
    const [, port, pid, dataDir = ''] = await owner.line(/server (\d+) (\d+) (\S+)/);
    if (end === 'SIGTERM') owner.signal('SIGTERM');
    await owner.exited;
    const target = { port: Number(port), pid: Number(pid) };
    await until(async () => !(await answersPing(target)), { what: 'the server to end' });
    expect(existsSync(dataDir)).toBe(false);
  },
);

/** A program that starts a server, tells about it, and ends without stopping it. */
async function ownerProgram(dir: string, end: string): Promise<string> {
  const built = new URL('../../dist/index.js', import.meta.url);
  const ends: Record<string, string> = {
    exit: 'process.exit();',
    SIGTERM: '',
    'an error': "throw new Error('on purpose');",
  };
  const file = join(dir, 'owner.mjs');
  await writeFile(
    file,
    `import { RedisServer } from ${JSON.stringify(built.href)};
    const server = await RedisServer.start();
    process.stdout.write('server ' + server.port + ' ' + server.pid + ' ' + server.dataDir + '\\n', () => { ${ends[end]} });`,
  );
  return file;
}

function client(server: RedisServer): Redis {
  const redis = new Redis(server.url, { retryStrategy: () => null });
  // The tests end servers under their clients.
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
