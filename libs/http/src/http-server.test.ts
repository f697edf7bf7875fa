import { expect, onTestFinished, test } from 'vitest';
import { HttpServer } from './http-server.js';

async function start(load: () => Promise<never>) {
  const told: unknown[] = [];
  const server = new HttpServer({
    port: 0,
    host: '127.0.0.1',
    load,
    onLoadFailed: (error) => told.push(error),
  });
  await server.start();
  onTestFinished(() => server.stop());
  return { url: server.url ?? '', told };
}

test('what cannot be loaded is told once, and every request gets a 500', async () => {
  const failure = new Error('no such module');
  const { url, told } = await start(() => Promise.reject(failure));
  const statuses = [await fetch(url), await fetch(url)].map(({ status }) => status);
  expect(statuses).toEqual([500, 500]);
  expect(told).toEqual([failure]);
});
