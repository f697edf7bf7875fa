import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '@goflow/testing';
import express from 'express';
import { expect, onTestFinished, test, vi } from 'vitest';
import { limitRate } from './limit-rate.js';

const HOUR_MS = 3_600_000;

test('a clock that is set back makes nobody wait for as long', async () => {
  const tokens = { read: [], push: [], operate: [] };
  const app = express().use(limitRate({ rateLimit: 1, tokens } as never));
  app.use((_request, response) => void response.end('yes'));
  const server = createServer(app).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}/`)).status;
  expect(await ask()).toBe(200);
  const earlier = Date.now() - HOUR_MS;
  const clock = vi.spyOn(Date, 'now').mockReturnValue(earlier);
  onTestFinished(() => clock.mockRestore());
  expect(await ask()).toBe(429);
  await until(async () => (await ask()) === 200, { what: 'the next second' });
});
