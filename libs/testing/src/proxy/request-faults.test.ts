import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { RedisServer } from '../redis/redis-server.js';
import { until } from '../wait/until.js';
import { FaultProxy } from './fault-proxy.js';
import type { RequestMatch } from './faults.js';
import { RawClient } from './raw-client.js';

let server: RedisServer;
let direct: Redis;
let proxy: FaultProxy;
beforeAll(async () => {
  server = await RedisServer.start();
  direct = new Redis(server.url);
});
beforeEach(async () => {
  proxy = await FaultProxy.start({ targetPort: server.port });
  onTestFinished(() => proxy.stop());
  await direct.flushall();
});
afterAll(async () => {
  direct.disconnect();
  await server.stop();
});

const isIncr: RequestMatch = ([name]) => name?.toUpperCase() === 'INCR';

async function newClient(): Promise<RawClient> {
  const client = await RawClient.open(proxy.port);
  onTestFinished(() => client[Symbol.dispose]());
  return client;
}

/** What came before the end of the connection. */
async function lastWords(client: RawClient): Promise<string> {
  await until(() => client.state !== 'open', { what: 'the reset' });
  return client.received;
}

async function answerOf(client: RawClient, ...request: readonly string[]): Promise<string> {
  const before = client.received.length;
  client.send(request);
  await until(() => client.received.length > before, { what: 'an answer' });
  return client.received.slice(before);
}

test('dropReplyAfter() lets the request be done, and takes its reply away: that one and no other', async () => {
  const client = await newClient();
  proxy.dropReplyAfter(isIncr);
  client.send(['PING'], ['ECHO', 'a'], ['incr', 'n'], ['ECHO', 'b']);
  expect(await lastWords(client)).toBe('+PONG\r\n$1\r\na\r\n');
  expect(await direct.get('n')).toBe('1');
  expect(proxy.counters).toMatchObject({ dropped: 1, cut: 1 });
  expect(await answerOf(await newClient(), 'INCR', 'n')).toBe(':2\r\n');
});

test('dropReplyAfter() counts the replies of RESP3, and no push messages', async () => {
  const client = await newClient();
  await answerOf(client, 'HELLO', '3');
  await answerOf(client, 'CLIENT', 'TRACKING', 'ON', 'BCAST');
  await direct.set('watched', '1');
  await until(() => client.received.includes('invalidate'), { what: 'the push message' });
  proxy.dropReplyAfter(isIncr);
  const before = client.received.length;
  client.send(['COMMAND', 'INFO', 'get', 'set'], ['ECHO', 'a'], ['INCR', 'n'], ['ECHO', 'b']);
  expect((await lastWords(client)).slice(before)).toMatch(/^\*2\r\n[\s\S]*\r\n\$1\r\na\r\n$/);
  expect(await direct.get('n')).toBe('1');
});

test('is for the next n requests that match, and heal() disarms what is left', async () => {
  proxy.dropReplyAfter(([, key]) => key === 'mine', 2);
  expect(await answerOf(await newClient(), 'INCR', 'other')).toBe(':1\r\n');
  for (const _ of [1, 2]) {
    const client = await newClient();
    client.send(['INCR', 'mine']);
    expect(await lastWords(client)).toBe('');
    expect(client.state).toBe('reset');
  }
  expect(await answerOf(await newClient(), 'INCR', 'mine')).toBe(':3\r\n');
  proxy.dropReplyAfter(isIncr);
  proxy.dropRequest(isIncr);
  proxy.truncateReply(isIncr);
  proxy.stall(isIncr);
  proxy.heal();
  expect(await answerOf(await newClient(), 'INCR', 'mine')).toBe(':4\r\n');
});

test('dropRequest() takes the request away, and what was sent before it is done', async () => {
  const client = await newClient();
  proxy.dropRequest(isIncr);
  client.send(['SET', 'before', '1'], ['INCR', 'n'], ['SET', 'after', '1']);
  await lastWords(client);
  await until(() => direct.get('before'), { what: 'the request before' });
  expect(await direct.mget('n', 'after')).toEqual([null, null]);
  expect(proxy.counters).toMatchObject({ dropped: 1, cut: 1 });
});

test('truncateReply() gives the beginning of the reply', async () => {
  await direct.set('text', 'hello world');
  const client = await newClient();
  proxy.truncateReply(([name]) => name === 'GET');
  client.send(['PING'], ['GET', 'text']);
  expect(await lastWords(client)).toBe('+PONG\r\n$11\r\nhell');
  expect(proxy.counters).toMatchObject({ dropped: 1, cut: 1 });
});

test('the faults of requests keep to the latency', async () => {
  const client = await newClient();
  await answerOf(client, 'PING');
  proxy.setLatency(30);
  proxy.dropReplyAfter(isIncr);
  const began = performance.now();
  client.send(['PING'], ['INCR', 'n']);
  expect(await lastWords(client)).toBe('+PONG\r\n+PONG\r\n');
  expect(performance.now() - began).toBeGreaterThanOrEqual(60);
});

test('stall() kills the connections on which a matching request comes, and leaves the others', async () => {
  const [blocked, other] = [await newClient(), await newClient()];
  expect(await answerOf(blocked, 'PING')).toBe('+PONG\r\n');
  proxy.stall(([name]) => name === 'BLPOP');
  blocked.send(['BLPOP', 'list', '0']);
  blocked.send(['INCR', 'n']);
  for (let count = 0; count < 20; count += 1)
    expect(await answerOf(other, 'PING')).toBe('+PONG\r\n');
  await direct.rpush('list', 'a');
  expect(await direct.exists('n')).toBe(0);
  expect([blocked.received, blocked.state]).toEqual(['+PONG\r\n', 'open']);
  proxy.heal();
  blocked.send(['INCR', 'n']);
  expect(await answerOf(await newClient(), 'BLPOP', 'list', '0')).toContain('list');
  expect(await direct.exists('n')).toBe(0);
});

test('a subscriber is let alone: what it hears answers nothing', async () => {
  const client = await newClient();
  proxy.dropReplyAfter(() => true);
  expect(await answerOf(client, 'SUBSCRIBE', 'a', 'b')).toContain('subscribe');
  await until(() => client.received.match(/\$9\r\nsubscribe/g)?.length === 2, { what: 'both' });
  await direct.publish('a', 'hello');
  await until(() => client.received.includes('hello'), { what: 'the message' });
  expect(await answerOf(client, 'PING')).toContain('pong');
  expect(proxy.counters.dropped).toBe(0);
});

test('ioredis sends again what was not answered: the lost reply of an INCR counts twice', async () => {
  const redis = new Redis(proxy.url(server.url), { retryStrategy: () => 1 });
  onTestFinished(() => redis.disconnect());
  redis.on('error', () => undefined);
  await redis.ping();
  proxy.dropReplyAfter(isIncr);
  expect(await redis.incr('n')).toBe(2);
});
