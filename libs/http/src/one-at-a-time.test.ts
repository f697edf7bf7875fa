import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { oneAtATime } from './one-at-a-time.js';

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

async function serve(listener: RequestListener) {
  const server = createServer(oneAtATime(listener)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const seen = { text: '', isClosed: false, parsed: 0 };
  server.on('request', () => (seen.parsed += 1));
  server.on('connection', (own) => own.once('close', () => (seen.isClosed = true)));
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.setEncoding('latin1').on('data', (text: string) => (seen.text += text));
  socket.on('error', () => undefined);
  onTestFinished(async () => {
    socket.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { socket, seen };
}

test('a second request before the answer to the first closes the connection', async () => {
  let heard = 0;
  const { socket, seen } = await serve(() => (heard += 1));
  socket.write(GET);
  await until(() => heard === 1, { what: 'the first request' });
  socket.write(GET);
  await until(() => seen.isClosed, { what: 'the end of the connection' });
  expect([heard, seen.text]).toEqual([1, '']);
});

test('one after another are answered, as many as they are, also with large answers', async () => {
  const { socket, seen } = await serve((_request, response) => response.end('x'.repeat(500_000)));
  for (let count = 1; count <= 20; count += 1) {
    seen.text = '';
    socket.write(GET);
    await until(() => seen.text.length > 500_000, { what: `answer ${count}` });
  }
  expect(seen.isClosed).toBe(false);
});

test('what follows an answer that closes the connection is not heard', async () => {
  let heard = 0;
  const { socket, seen } = await serve((_request, response) => {
    heard += 1;
    // As `leaveUnread` does: what comes is read for a while.
    const { socket: own } = response;
    if (own) own.destroySoon = () => void own.end();
    response.setHeader('Connection', 'close').end('first');
  });
  socket.write(GET);
  await until(() => seen.text.endsWith('first'), { what: 'the first answer' });
  socket.write(GET);
  await until(() => seen.isClosed, { what: 'the end of the connection' });
  expect(heard).toBe(1);
});

test('of a thousand requests in one packet no more than two are read', async () => {
  let heard = 0;
  const { socket, seen } = await serve(() => (heard += 1));
  socket.write(GET.repeat(1_000));
  await until(() => seen.isClosed, { what: 'the end of the connection' });
  expect([heard, seen.parsed, seen.text]).toEqual([1, 2, '']);
});
