import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { HttpServer } from './http-server.js';

/** Longer than a test may take: who waits for it has failed. */
const GRACE_MS = 60_000;

async function start(answer: (url: string) => Promise<string>): Promise<HttpServer> {
  const load = async () => (asked: IncomingMessage, response: { end(text: string): void }) =>
    void answer(asked.url ?? '').then((text) => response.end(text));
  const server = new HttpServer({ port: 0, host: '127.0.0.1', load });
  await server.start();
  onTestFinished(() => server.stop());
  return server;
}

function get(url: string, agent: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent });
    sent.once('error', reject);
    sent.once('response', (response) => {
      response.resume();
      response.once('end', () => resolve(response));
    });
    sent.end();
  });
}

function keepAlive(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  return agent;
}

test('a connection that has asked nothing does not hold up the end', async () => {
  const server = await start(async () => 'yes');
  const socket = connect(Number(new URL(server.url ?? '').port), '127.0.0.1');
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  // The server has taken both: they come in their order.
  await get(`${server.url}/`, keepAlive());
  await server.stop(GRACE_MS);
});

test('what is being answered when it stops is answered, and the last of its connection', async () => {
  const asked: string[] = [];
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const server = await start(async (url) => {
    asked.push(url);
    if (url !== '/') await ended;
    return 'yes';
  });
  const [first, second] = [keepAlive(), keepAlive()];
  const url = server.url ?? '';
  expect((await get(`${url}/`, first)).headers.connection).toBe('keep-alive');
  const slow = get(`${url}/slow`, second);
  await until(() => asked.includes('/slow'), { what: 'the slow request to come' });
  const stopped = server.stop(GRACE_MS);
  end();
  expect((await slow).statusCode).toBe(200);
  await stopped;
  await expect(get(`${url}/`, second)).rejects.toThrow();
});
