import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { answerErrors } from './problem.js';
import { readBody } from './read-body.js';
import { serve } from './routes.js';

const MAX_BYTES = 64 * 1024 * 1024;

/** A server whose handler reads a body and then works until it is told to end. */
async function start() {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const closed: Promise<unknown>[] = [];
  const app = express();
  serve(app, {
    '/work': {
      POST: async (incoming, response) => {
        closed.push(once(response, 'close'));
        await readBody(incoming, { maxBytes: MAX_BYTES });
        // Has its body, and goes away before it has an answer.
        if (incoming.headers['x-leave'] !== undefined) incoming.socket.destroy();
        await ended;
        response.end();
      },
    },
  });
  app.use(answerErrors);
  const server = createServer(app).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/work`;
  return { url, end, closed };
}

/** The status that is answered; `gone` without an answer. */
function post(url: string, bytes: number, headers: Record<string, string> = {}) {
  return new Promise<number | 'gone'>((resolve) => {
    const asked = request(url, { method: 'POST', agent: false, headers });
    asked.once('error', () => resolve('gone'));
    asked.once('response', (response) => resolve(response.resume().statusCode ?? 0));
    asked.end(Buffer.alloc(bytes, 32));
  });
}

test('a body is counted until its handler is done with it, also when its client is gone', async () => {
  const { url, end, closed } = await start();
  const leave = { 'x-leave': '' };
  expect(await Promise.all([1, 2].map(() => post(url, MAX_BYTES, leave)))).toEqual([
    'gone',
    'gone',
  ]);
  await Promise.all(closed);
  expect(await post(url, 1)).toBe(429);
  end();
  expect(await post(url, MAX_BYTES)).toBe(200);
});
