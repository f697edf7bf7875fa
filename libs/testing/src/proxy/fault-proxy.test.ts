import { createServer, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../machine/free-port.js';
import { RedisServer } from '../redis/redis-server.js';
import { until } from '../wait/until.js';
import { FaultProxy } from './fault-proxy.js';
import { RawClient } from './raw-client.js';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

async function newProxy(random?: () => number): Promise<FaultProxy> {
  const proxy = await FaultProxy.start({ targetPort: server.port, random });
  onTestFinished(() => proxy.stop());
  return proxy;
}

function redisAt(url: string): Redis {
  const redis = new Redis(url, { retryStrategy: () => null });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

async function rawAt(port: number): Promise<RawClient> {
  const client = await RawClient.open(port);
  onTestFinished(() => client[Symbol.dispose]());
  return client;
}

/** True when nobody has answered the client while others were answered again and again. */
async function isSilent(client: RawClient, others: Redis): Promise<boolean> {
  const before = client.received;
  for (let count = 0; count < 20; count += 1) await others.ping();
  return client.received === before;
}

test('passes on what it is given, and counts it', async () => {
  const proxy = await newProxy();
  expect(proxy.url(server.url)).toBe(`redis://127.0.0.1:${proxy.port}`);
  expect(proxy.url('redis://:p%40ss@127.0.0.1:1/3')).toBe(
    `redis://:p%40ss@127.0.0.1:${proxy.port}/3`,
  );
  const redis = redisAt(proxy.url(server.url));
  const value = Buffer.from(Array.from({ length: 2 ** 20 }, (_, at) => at % 251));
  await redis.set('binary', value);
  expect((await redis.getBuffer('binary'))?.equals(value)).toBe(true);
  const pipeline = redis.pipeline();
  for (let at = 0; at < 2_000; at += 1) pipeline.echo(`${at}`);
  const echoed = await pipeline.exec();
  expect(echoed?.map(([, reply]) => Number(reply))).toEqual([...Array(2_000).keys()]);
  expect(proxy.connections).toBe(1);
  expect(proxy.counters).toMatchObject({ accepted: 1, cut: 0, dropped: 0 });
  expect(proxy.counters.bytesUp).toBeGreaterThan(2 ** 20);
  expect(proxy.counters.bytesDown).toBeGreaterThan(2 ** 20);
  redis.disconnect();
  await until(() => proxy.connections === 0, { what: 'the end of the connection' });
});

test('setLatency() delays each way until heal(), and keeps the order', async () => {
  const draws = [0.9, 0.1, 0.5, 0.99, 0];
  let drawn = 0;
  const proxy = await newProxy(() => draws[drawn++ % draws.length] ?? 0);
  const redis = redisAt(proxy.url(server.url));
  await redis.ping();
  proxy.setLatency(40, 40);
  const began = performance.now();
  const order: string[] = [];
  const echo = async (word: string): Promise<void> => void order.push(await redis.echo(word));
  const echoes = [];
  for (let at = 0; at < 20; at += 1) {
    echoes.push(echo(`${at}`));
    // Else ioredis writes them at once.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(echoes);
  expect(performance.now() - began).toBeGreaterThanOrEqual(80);
  expect(order).toEqual([...Array(20).keys()].map(String));
  expect(drawn).toBeGreaterThan(2);
  proxy.setLatency(60_000);
  proxy.heal();
  expect(await redis.ping()).toBe('PONG');
});

test('setThrottle() carries no more than that', async () => {
  const proxy = await newProxy();
  const redis = redisAt(proxy.url(server.url));
  await redis.set('long', 'x'.repeat(5_000));
  proxy.setThrottle(10_000);
  const began = performance.now();
  expect(await redis.get('long')).toHaveLength(5_000);
  expect(performance.now() - began).toBeGreaterThanOrEqual(400);
  expect(() => proxy.setThrottle(0)).toThrow('bytesPerSecond must be 1 or more: 0');
  expect(() => proxy.setLatency(Number.NaN)).toThrow('ms must be 0 or more: NaN');
});

test('splitBytes() writes every byte by itself', async () => {
  const proxy = await newProxy();
  const client = await rawAt(proxy.port);
  proxy.splitBytes();
  client.send(['ECHO', 'x'.repeat(2_000)]);
  const reply = `$2000\r\n${'x'.repeat(2_000)}\r\n`;
  await until(() => client.received.length === reply.length, { what: 'the reply' });
  expect(client.received).toBe(reply);
  expect(client.packets).toBeGreaterThan(200);
});

test('does not read from a server whose client takes nothing', async () => {
  const proxy = await newProxy();
  const length = 128 * 1024 * 1024;
  await redisAt(server.url).setrange('huge', length - 1, 'x');
  const client = await rawAt(proxy.port);
  client.socket.removeAllListeners('data').pause();
  const before = process.memoryUsage().arrayBuffers;
  client.send(['GET', 'huge']);
  let last = -1;
  const stands = () => {
    const { bytesDown } = proxy.counters;
    const same = bytesDown === last && bytesDown > 0;
    last = bytesDown;
    return same;
  };
  await until(stands, { what: 'the flow to stop', everyMs: 200 });
  expect(last).toBeLessThan(length / 2);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(length / 4);
  client.socket.resume();
  await until(() => proxy.counters.bytesDown > length, { what: 'all of it' });
});

test('blackhole() of both ways: nothing comes through, and what lost bytes stays dead', async () => {
  const proxy = await newProxy();
  const [dead, idle, away] = [
    await rawAt(proxy.port),
    await rawAt(proxy.port),
    await rawAt(proxy.port),
  ];
  const direct = redisAt(server.url);
  const clients = async () => String(await direct.client('LIST')).split('id=').length - 1;
  await until(async () => (await clients()) === 4, { what: 'the server to see them' });
  proxy.blackhole('both');
  dead.send(['INCR', 'both']);
  away.socket.destroy();
  const late = await rawAt(proxy.port);
  late.send(['PING']);
  await until(() => proxy.connections === 3, { what: 'the proxy to see that one is gone' });
  expect(await isSilent(dead, direct)).toBe(true);
  expect(await clients()).toBe(4);
  proxy.heal();
  const fresh = redisAt(proxy.url(server.url));
  dead.send(['INCR', 'both']);
  late.send(['PING']);
  expect(await isSilent(dead, fresh)).toBe(true);
  expect(await fresh.exists('both')).toBe(0);
  expect([dead.state, late.state, late.received]).toEqual(['open', 'open', '']);
  idle.send(['PING']);
  await until(() => idle.received === '+PONG\r\n', { what: 'the one that lost nothing' });
  dead.socket.destroy();
  // Left are the idle one, the fresh one, and the direct one.
  await until(async () => (await clients()) === 3, { what: 'the server to be told' });
});

test('blackhole() of one way: requests are done and not answered, or are not done', async () => {
  const proxy = await newProxy();
  const direct = redisAt(server.url);
  const [down, up] = [await rawAt(proxy.port), await rawAt(proxy.port)];
  proxy.blackhole('down');
  down.send(['INCR', 'down']);
  await until(() => direct.get('down'), { what: 'the request to be done' });
  expect(await isSilent(down, direct)).toBe(true);
  // Its end is not told either.
  await direct.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  expect(await isSilent(down, direct)).toBe(true);
  expect(down.state).toBe('open');
  proxy.heal();
  await until(() => down.state === 'closed' && up.state === 'closed', { what: 'both to be told' });
  const last = await rawAt(proxy.port);
  last.send(['PING']);
  await until(() => last.received, { what: 'its reply' });
  proxy.blackhole('up');
  last.send(['INCR', 'up']);
  expect(await isSilent(last, direct)).toBe(true);
  expect(await direct.exists('up')).toBe(0);
});

test('refuse(), acceptThenSilent() are for new connections only', async () => {
  const proxy = await newProxy();
  const old = redisAt(proxy.url(server.url));
  await old.ping();
  proxy.refuse();
  const refused = await rawAt(proxy.port);
  await until(() => refused.state === 'reset', { what: 'the reset' });
  proxy.heal();
  proxy.acceptThenSilent();
  const silent = await rawAt(proxy.port);
  silent.send(['PING']);
  expect(await isSilent(silent, old)).toBe(true);
  expect(proxy.connections).toBe(2);
  proxy.heal();
  const fresh = redisAt(proxy.url(server.url));
  expect(await isSilent(silent, fresh)).toBe(true);
  expect(proxy.counters).toMatchObject({ accepted: 4, cut: 1 });
});

test('cutAll() resets what is open, on both sides', async () => {
  const proxy = await newProxy();
  const clients = [await rawAt(proxy.port), await rawAt(proxy.port)];
  for (const client of clients) client.send(['CLIENT', 'SETNAME', 'to-be-cut']);
  await until(() => clients.every(({ received }) => received === '+OK\r\n'), { what: 'names' });
  proxy.cutAll();
  await until(() => clients.every(({ state }) => state === 'reset'), { what: 'the resets' });
  expect(proxy.counters.cut).toBe(2);
  expect(proxy.connections).toBe(0);
  const direct = redisAt(server.url);
  const isGone = async () => !String(await direct.client('LIST')).includes('to-be-cut');
  await until(isGone, { what: 'the server to see it' });
});

test('a server that is away is as good as none, and stop() closes all', async () => {
  const targetPort = await freePort();
  await using proxy = await FaultProxy.start({ targetPort });
  const refused = await rawAt(proxy.port);
  await until(() => refused.state === 'reset', { what: 'the reset' });
  await expect(FaultProxy.start({ targetPort, port: proxy.port })).rejects.toThrow('EADDRINUSE');
  proxy.acceptThenSilent();
  const silent = await rawAt(proxy.port);
  await until(() => proxy.connections === 1, { what: 'the connection' });
  await proxy.stop();
  await until(() => silent.state !== 'open', { what: 'its end' });
  await proxy.stop();
  expect(proxy.connections).toBe(0);
});

test('a reset by the server is passed on, and in a blackhole only when that is over', async () => {
  const accepted: Socket[] = [];
  const target = createServer((socket) => accepted.push(socket));
  onTestFinished(() => void target.close());
  const targetPort = await freePort();
  await new Promise<void>((resolve) => target.listen(targetPort, '127.0.0.1', resolve));
  await using proxy = await FaultProxy.start({ targetPort });
  const told = await rawAt(proxy.port);
  await until(() => accepted.length === 1, { what: 'the connection' });
  accepted[0]?.resetAndDestroy();
  await until(() => told.state === 'reset', { what: 'the reset' });
  const untold = await rawAt(proxy.port);
  await until(() => accepted.length === 2, { what: 'the connection' });
  proxy.blackhole('down');
  accepted[1]?.resetAndDestroy();
  expect(await isSilent(untold, redisAt(server.url))).toBe(true);
  expect(untold.state).toBe('open');
  proxy.heal();
  await until(() => untold.state !== 'open', { what: 'its end' });
});
