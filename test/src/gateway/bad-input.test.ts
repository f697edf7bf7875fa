import { defineTasks } from '@goflow/sdk';
import { FaultProxy, RedisServer, testPrefix, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { openSocket, rawAsk } from '../security/raw-http.js';
import { ask as askAnything, expectProblem } from '../support/http.js';
import { startGateway, TOKENS } from './gateway.js';

const tasks = defineTasks({ echo: { payload: z.json(), result: z.json() } });
const start = () => startGateway({ tasks });

const MIB = 1024 * 1024;
const fields = (count: number): string =>
  Array.from({ length: count }, (_, index) => `,"k${index}":0`).join('');

test.each([
  ['no JSON', '{"payload":', 400],
  ['nothing', '', 400],
  ['a key twice', '{"payload":1,"payload":2}', 400],
  ['__proto__', '{"payload":{"__proto__":{"admin":true}}}', 400],
  ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400],
  ['101 levels', `{"payload":${'['.repeat(101)}${']'.repeat(101)}}`, 400],
  ['100,000 levels', `{"payload":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400],
  ['300,000 fields', `{"payload":1${fields(300_000)}}`, 400],
  ['300,000 keys', `{"payload":{"a":1${fields(300_000)}}}`, 400],
  ['10 MB', `{"payload":"${'x'.repeat(10 * MIB)}"}`, 413],
  ['more than the limit of a payload', `{"payload":"${'x'.repeat(2 * MIB)}"}`, 413],
])('a body of %s is refused', async (_what, body, status) => {
  const { ask, goflow } = await start();
  const answer = await ask('/tasks/echo', { method: 'POST', body });
  expect([answer.status, answer.json]).toEqual([status, expect.objectContaining({ status })]);
  expect((await ask('/tasks/echo', { body: { payload: 'well' } })).status).toBe(201);
  expect((await goflow.counts()).waiting).toBe(1);
});

test('a body that is packed, of another character set, or has no end is refused', async () => {
  const { ask, url } = await start();
  const body = { payload: 1 };
  const as = (headers: Record<string, string>) => ask('/tasks/echo', { body, headers });
  expect((await as({ 'content-encoding': 'gzip' })).status).toBe(415);
  expect((await as({ 'content-type': 'application/json; charset=latin1' })).status).toBe(415);
  const packed = `POST /tasks/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKENS.push}\r\nTransfer-Encoding: gzip, chunked\r\n\r\nd\r\n{"payload":1}\r\n0\r\n\r\n`;
  expect((await rawAsk(url, packed)).statuses).toEqual([415]);
  const endless = `POST /tasks/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKENS.push}\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n`;
  const socket = openSocket(url);
  let isClosed = false;
  socket.resume().once('close', () => (isClosed = true));
  socket.write(endless);
  // Without an end: more than a body may have.
  const chunk = `${'x'.repeat(MIB)}\r\n100000\r\n`;
  for (let sent = 0; sent < 8 && !isClosed; sent += 1)
    await new Promise((resolve) => socket.write(chunk, resolve));
  await until(() => isClosed, { what: 'the connection to be closed' });
});

test('ids and types of 10 kB, and foreign ones, are no more than unknown', async () => {
  const { url, ask } = await start();
  const long = 'x'.repeat(10_000);
  for (const [method, path] of [
    ['GET', `/tasks/${long}`],
    ['DELETE', `/tasks/${long}`],
    ['POST', `/tasks/${long}`],
    ['GET', `/tasks/${long}/result`],
    ['GET', `/tasks?text=${long}`],
  ]) {
    const head = `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKENS.operate}\r\n\r\n`;
    const { statuses } = await rawAsk(url, head);
    expect([method, [414, 431].includes(statuses[0] ?? 0)]).toEqual([method, true]);
  }
  for (const type of ['Echo', 'echo%20', 'constructor', '%E0%A4%A', 'echo%2Fbulk'])
    expect([400, 404]).toContain((await ask(`/tasks/${type}`, { body: { payload: 1 } })).status);
});

test('a page of another site can neither ask nor push', async () => {
  const { ask, goflow, url } = await start();
  const foreign = [
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: url },
    { origin: 'null' },
  ];
  for (const headers of foreign) {
    expectProblem(await ask('/tasks', { headers }), 403, 'FORBIDDEN');
    expectProblem(await ask('/tasks/echo', { body: { payload: 1 }, headers }), 403, 'FORBIDDEN');
  }
  const preflight = await askAnything(`${url}/tasks/echo`, { method: 'OPTIONS' });
  expect(preflight.headers).not.toHaveProperty('access-control-allow-origin');
  expect((await goflow.counts()).waiting).toBe(0);
});

test('of a thousand pushes in one packet no more than the first is made', async () => {
  const { url, goflow } = await start();
  const body = '{"payload":1}';
  const push = `POST /tasks/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKENS.push}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const { isClosed } = await rawAsk(url, push.repeat(1_000), { untilClosed: true });
  expect(isClosed).toBe(true);
  expect((await goflow.counts()).waiting).toBeLessThanOrEqual(1);
});

test('who sends a push byte by byte is cut off', async () => {
  const { url, goflow } = await start();
  const head = `POST /tasks/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKENS.push}\r\nContent-Length: 1000\r\n\r\n{`;
  const { isClosed, statuses, ms } = await rawAsk(url, head, { untilClosed: true });
  expect([isClosed, statuses]).toEqual([true, [408]]);
  expect(ms).toBeLessThan(17_000);
  expect((await goflow.counts()).waiting).toBe(0);
});

test('as many requests as come through for some seconds: bounded memory, and nothing but answers', async () => {
  const { url, goflow } = await startGateway({ tasks, gateway: { rateLimit: 10 } });
  const headers = { authorization: `Bearer ${TOKENS.push}`, 'content-type': 'application/json' };
  const statuses = new Map<number, number>();
  const before = process.memoryUsage().rss;
  let most = before;
  const endsAt = performance.now() + 4_000;
  const caller = async () => {
    while (performance.now() < endsAt) {
      const answer = await fetch(`${url}/tasks/echo`, {
        method: 'POST',
        headers,
        body: '{"payload":1}',
      });
      await answer.text();
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      most = Math.max(most, process.memoryUsage().rss);
    }
  };
  await Promise.all(Array.from({ length: 50 }, caller));
  expect([...statuses.keys()].sort((a, b) => a - b)).toEqual([201, 429]);
  expect((await goflow.counts()).waiting).toBe(statuses.get(201));
  expect(statuses.get(201)).toBeLessThanOrEqual(10 * 10);
  // Of the client, the server and the test together.
  expect(most - before).toBeLessThan(300 * MIB);
});

test('while Redis is away requests are told so in time, and afterwards they are answered', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const proxy = await FaultProxy.start({ targetPort: Number(new URL(server.url).port) });
  onTestFinished(() => proxy.stop());
  const place = { redis: proxy.url(server.url), prefix: testPrefix() };
  const { ask } = await startGateway({ tasks, place });
  const push = () => ask('/tasks/echo', { body: { payload: 1 } });
  const { json } = await push();
  const { id } = json as { id: string };
  proxy.refuse();
  proxy.cutAll();
  const waiting = ask(`/tasks/${id}/result?wait=2s`);
  // Who watches over containers waits a second, less than a push waits for Redis to come back.
  const pushed = push();
  const probe = ask('/readyz', { role: 'none' });
  expect(await Promise.race([pushed, probe])).toBe(await probe);
  expect((await probe).status).toBe(503);
  const began = performance.now();
  const answers = await Promise.all([
    push(),
    ask(`/tasks/${id}`),
    ask('/tasks'),
    ask(`/tasks/${id}`, { method: 'DELETE' }),
  ]);
  expect(performance.now() - began).toBeLessThan(15_000);
  for (const answer of [...answers, await waiting]) {
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    expect(answer.json).toMatchObject({ code: 'BROKER_UNAVAILABLE' });
  }
  expect((await ask('/livez', { role: 'none' })).status).toBe(200);
  proxy.heal();
  await until(async () => (await push()).status === 201, { what: 'a push to go through' });
});
