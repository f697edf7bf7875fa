import { defineTasks } from '@goflow/sdk';
import { RedisServer, testPrefix, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { openSocket } from '../security/raw-http.js';
import { expectProblem } from '../support/http.js';
import { startGateway, TOKENS } from './gateway.js';

const tasks = defineTasks({ echo: { payload: z.json(), result: z.json() } });
const MIB = 1024 * 1024;
const BODY_LIMIT = 64 * MIB;
const start = () => startGateway({ tasks, gateway: { bodyLimit: BODY_LIMIT } });

/** The head of a request whose body is yet to come. */
const headOf = (path: string, bytes: number): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKENS.operate}\r\nContent-Length: ${bytes}\r\n\r\n`;

test.each(['/tasks/echo', '/tasks/echo/bulk', '/dead-letters/default:x/redrive'])(
  'bodies that are sent to %s leave no more than 128 MiB for all others',
  async (path) => {
    const { ask, url } = await start();
    const sockets = [0, 1].map(() => openSocket(url));
    for (const socket of sockets) socket.write(headOf(path, BODY_LIMIT));
    const push = () => ask('/tasks/echo', { body: { payload: 1 } });
    await until(async () => (await push()).status === 429, { what: 'no room to be left' });
    for (const other of ['/tasks/echo/bulk', '/dead-letters/default:x/redrive'])
      expectProblem(await ask(other, { body: { payload: 1 } }), 429, 'TOO_MANY_REQUESTS');
    const rule = { method: 'PUT', body: { concurrency: 1 } };
    expectProblem(await ask('/fleet/concurrency', rule), 429, 'TOO_MANY_REQUESTS');
    for (const socket of sockets) socket.destroy();
    await until(async () => (await push()).status === 201, { what: 'room again' });
  },
);

test('a body is counted until it is answered, by what it has', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const place = { redis: server.url, prefix: testPrefix() };
  const { ask, url } = await startGateway({ tasks, place, gateway: { bodyLimit: BODY_LIMIT } });
  await ask('/tasks/echo', { body: { payload: 1 } });
  server.pause();
  const waiting = ask('/tasks/echo', { body: `{"payload":1}${' '.repeat(MIB)}`, method: 'POST' });
  const more = openSocket(url);
  more.write(headOf('/tasks/echo', BODY_LIMIT));
  // Without that of the one that waits there would be room for both.
  const all = { method: 'POST', body: `{"payload":1}${' '.repeat(BODY_LIMIT - 13)}` };
  expectProblem(await ask('/tasks/echo', all), 429, 'TOO_MANY_REQUESTS');
  server.resume();
  expect((await waiting).status).toBe(201);
  more.destroy();
  await until(async () => (await ask('/tasks/echo', all)).status === 201, { what: 'room again' });
});
