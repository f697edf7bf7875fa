import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { leakGuard, openResources } from './open-resources.js';

const quick = { timeoutMs: 50 };

test('fails when a socket and its server are left open, and passes once they are closed', async () => {
  const guard = leakGuard(quick);
  guard.before();
  const { server, client } = await listenAndConnect();
  // Both ends of the connection live in this process.
  await expect(guard.after()).rejects.toThrow(
    'left open: 2 TCPSocketWrap (TCP socket), 1 TCPServerWrap (TCP server)',
  );
  client.destroy();
  server.close();
  await guard.after();
});

test('fails when a child process is left running', async () => {
  const guard = leakGuard(quick);
  guard.before();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await expect(guard.after()).rejects.toThrow('1 ProcessWrap (child process)');
});

test('fails when a worker thread that is listened to is left running', async () => {
  const guard = leakGuard(quick);
  guard.before();
  const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
  onTestFinished(async () => void (await worker.terminate()));
  worker.on('message', () => undefined);
  await expect(guard.after()).rejects.toThrow('1 MessagePort (message port (worker thread))');
});

test('what was open before is allowed', async () => {
  const { server, client } = await listenAndConnect();
  const guard = leakGuard(quick);
  guard.before();
  await guard.after();
  client.destroy();
  server.close();
});

test('gives what is closing the time to close', async () => {
  const before = openResources();
  const guard = leakGuard();
  guard.before();
  const { server, client } = await listenAndConnect();
  server.close();
  client.end();
  await guard.after();
  expect(openResources()).toEqual(before);
});

test('after() without before() says so', async () => {
  await expect(leakGuard().after()).rejects.toThrow('call before() before after()');
});

async function listenAndConnect() {
  const server: Server = createServer((socket) => socket.resume());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const accepted = once(server, 'connection');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(client, 'connect');
  await accepted;
  return { server, client };
}
