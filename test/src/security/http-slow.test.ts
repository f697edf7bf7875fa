import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../support/http.js';
import { dribble, openSocket, rawAsk } from './raw-http.js';
import { type ServedWorker, serveWorker } from './served-worker.js';

let served: ServedWorker;
beforeAll(async () => {
  served = await serveWorker();
});
afterAll(() => served.end());

const HEAD = 'PATCH /herd HTTP/1.1\r\nHost: localhost\r\n';

/** The limits are 5 s for the headers and 10 s for all; the server looks once a second, and this machine may be busy. */
const BUSY_MS = 6_000;

test('who sends a byte now and then is cut off: headers after 5 s, bodies after 10 s', async () => {
  const [headers, body, chunked] = await Promise.all([
    dribble(served.url, `${HEAD}X-Slow: `),
    dribble(served.url, `${HEAD}Content-Length: 1000\r\n\r\n`),
    dribble(served.url, `${HEAD}Transfer-Encoding: chunked\r\n\r\n3e8\r\n`),
  ]);
  expect(headers).toBeGreaterThan(4_000);
  expect(headers).toBeLessThan(6_000 + BUSY_MS);
  for (const ms of [body, chunked]) expect(ms).toBeLessThan(11_000 + BUSY_MS);
  expect(served.worker.concurrency).toEqual({ default: 3 });
});

test('a connection that says nothing, or nothing more, is closed', async () => {
  const [silent, stopped, idle] = await Promise.all([
    rawAsk(served.url, '', { untilClosed: true }),
    rawAsk(served.url, `${HEAD}Content-Length: 1000\r\n\r\n{`, { untilClosed: true }),
    rawAsk(served.url, 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n', { untilClosed: true }),
  ]);
  expect([silent.isClosed, silent.statuses]).toEqual([true, [408]]);
  expect([stopped.isClosed, stopped.statuses]).toEqual([true, [408]]);
  expect([idle.isClosed, idle.statuses]).toEqual([true, [200]]);
});

// The whole of 127.0.0.0/8 is this machine's own on Linux only.
test.skipIf(process.platform !== 'linux')(
  '600 idle connections of one address keep no other out, and the worker at work',
  async () => {
    let closed = 0;
    const sockets = Array.from({ length: 600 }, () => openSocket(served.url, '127.0.0.2'));
    for (const socket of sockets) socket.resume().once('close', () => (closed += 1));
    await Promise.all(
      sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))),
    );
    for (const path of ['/livez', '/readyz', '/metrics', '/concurrency', '/herd'])
      expect((await ask(`${served.url}${path}`)).status).toBe(200);
    expect(await served.works()).toBe(true);
    // 32 of one address may stay; the rest were closed at once.
    expect(closed).toBeGreaterThanOrEqual(600 - 32);
  },
);
