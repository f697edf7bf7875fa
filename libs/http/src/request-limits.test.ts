import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type RequestHandler } from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { answerErrors } from './problem.js';
import { answerWithin } from './request-limits.js';

async function askOf(...handlers: RequestHandler[]): Promise<Response> {
  const app = express();
  app.use(...handlers, answerErrors as unknown as RequestHandler);
  const server = createServer(app).listen(0, '127.0.0.1');
  onTestFinished(() => new Promise((resolve) => void server.close(() => resolve())));
  await new Promise((resolve) => server.once('listening', resolve));
  return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
    headers: { connection: 'close' },
  });
}

test('a route that hangs is answered for it', async () => {
  const answer = await askOf(answerWithin(50), () => undefined);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({
    code: 'ANSWER_TIMEOUT',
    detail: 'there was no answer within 50 ms',
  });
});

test('a route that answers after that harms nothing', async () => {
  let late: Promise<void> | undefined;
  const answer = await askOf(answerWithin(50), async (_request, response) => {
    const closed = new Promise((resolve) => response.once('close', resolve));
    late = closed.then(() => {
      response.json({ late: true });
    });
    await late;
  });
  expect(answer.status).toBe(503);
  await late?.catch(() => undefined);
});
