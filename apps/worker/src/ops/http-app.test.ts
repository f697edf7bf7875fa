import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMemoryBroker } from '@goflow/broker/memory';
import { defineTasks } from '@goflow/shared';
import type { WorkerMetrics } from '@goflow/telemetry';
import type { Express } from 'express';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { createWorker } from '../worker.js';
import { createHttpApp } from './http-app.js';
import { type HttpOptions, resolveHttpOptions } from './http-options.js';

const TOKEN = 'the control token';
const READ_TOKEN = 'the reading token';
const OPEN = new Set(['/livez', '/readyz']);
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'];

const tasks = defineTasks({ a: { payload: z.any(), result: z.any() } });

interface Layer {
  readonly route?: { readonly path: string };
}

/** Every path that has a route, read from express itself: a route that is added later is among them. */
const pathsOf = (app: Express): string[] =>
  (app.router.stack as unknown as Layer[]).flatMap(({ route }) => (route ? [route.path] : []));

async function serveApp(given: Omit<HttpOptions, 'port'>, metrics?: WorkerMetrics) {
  const { consumer: broker } = createMemoryBroker();
  const worker = createWorker({ tasks, handlers: { a: () => 1 }, broker });
  const shown = metrics ?? (worker.metrics as WorkerMetrics);
  const options = resolveHttpOptions({ port: 0, ...given });
  const app = createHttpApp(options, { worker, metrics: shown });
  const server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await worker.stop();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { app, worker, ask: (path: string, init?: RequestInit) => fetch(`${url}${path}`, init) };
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test('every route but the probes asks for a token, whatever the method', async () => {
  const { app, ask } = await serveApp({ token: TOKEN, readToken: READ_TOKEN });
  const paths = [...new Set(pathsOf(app))];
  expect(paths).toEqual(['/livez', '/readyz', '/metrics', '/concurrency', '/herd']);
  for (const path of [...paths, '/nowhere'].filter((one) => !OPEN.has(one)))
    for (const method of METHODS.filter((one) => one !== 'TRACE')) {
      const answer = await ask(path, { method });
      expect([method, path, answer.status]).toEqual([method, path, 401]);
    }
});

test('who may read may read, and change nothing', async () => {
  const { ask, worker } = await serveApp({ token: [TOKEN, `${TOKEN} 2`], readToken: READ_TOKEN });
  for (const path of ['/metrics', '/concurrency', '/herd'])
    for (const token of [TOKEN, `${TOKEN} 2`, READ_TOKEN])
      expect((await ask(path, bearer(token))).status).toBe(200);
  const body = '{"concurrency":3,"num":3}';
  for (const path of ['/concurrency', '/herd', '/nowhere'])
    for (const method of ['PATCH', 'POST', 'DELETE'])
      expect((await ask(path, { ...bearer(READ_TOKEN), method, body })).status).toBe(403);
  expect(worker.concurrency).toEqual({ default: 10 });
  const changed = await ask('/concurrency', {
    ...bearer(`${TOKEN} 2`),
    method: 'PATCH',
    body: '{"concurrency":3}',
  });
  expect(changed.status).toBe(200);
});

test('metrics are open with a token alone, and never open where a reading token is given', async () => {
  const { ask } = await serveApp({ token: TOKEN });
  expect((await ask('/metrics')).status).toBe(200);
  expect((await ask('/concurrency')).status).toBe(401);
  const both = await serveApp({ token: TOKEN, readToken: READ_TOKEN });
  expect((await both.ask('/metrics')).status).toBe(401);
  expect((await both.ask(`/metrics?token=${TOKEN}`)).status).toBe(401);
});

test.each([
  ['/livez', 'GET, HEAD'],
  ['/readyz', 'GET, HEAD'],
  ['/metrics', 'GET, HEAD'],
  ['/concurrency', 'GET, HEAD, PATCH, DELETE'],
  ['/herd', 'GET, HEAD, PATCH'],
])('%s has %s, and 405 for the rest', async (path, allowed) => {
  const { ask } = await serveApp({});
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'QUERY']) {
    if (allowed.includes(method)) continue;
    const answer = await ask(path, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allowed]);
    expect(await answer.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
    // Nothing that lets a page of another site in.
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-'))).toEqual([]);
  }
  const head = await ask(path, { method: 'HEAD' });
  expect([200, 503]).toContain(head.status);
  expect(await head.text()).toBe('');
});

test('after 20 wrong tokens in a minute an address is told to wait, but a right one is let through', async () => {
  const { ask } = await serveApp({ token: TOKEN });
  for (let count = 0; count < 20; count += 1) {
    // Asking without one is no guess.
    expect((await ask('/concurrency')).status).toBe(401);
    expect((await ask('/concurrency', bearer(`guess number ${count}`))).status).toBe(401);
  }
  const answer = await ask('/concurrency', bearer('guess number 20'));
  expect(answer.status).toBe(429);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await answer.json()).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
  expect((await ask('/concurrency', bearer(TOKEN))).status).toBe(200);
  expect((await ask('/concurrency', bearer('guess number 21'))).status).toBe(429);
  expect((await ask('/metrics')).status).toBe(200);
  expect((await ask('/livez')).status).toBe(200);
});

test('metrics and readiness are asked for once, however many ask for them within a second', async () => {
  let asked = 0;
  const text = async () => {
    asked += 1;
    return 'text';
  };
  const counted = { contentType: 'text/plain', text };
  const { ask, worker } = await serveApp({}, counted as unknown as WorkerMetrics);
  await worker.start();
  const readiness = vi.spyOn(worker, 'readiness');
  const began = performance.now();
  const paths = Array.from({ length: 20 }, (_, index) => (index % 2 ? '/metrics' : '/readyz'));
  const statuses = await Promise.all(paths.map(async (path) => (await ask(path)).status));
  const seconds = Math.ceil((performance.now() - began) / 1_000);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(asked).toBeLessThanOrEqual(seconds);
  expect(readiness.mock.calls.length).toBeLessThanOrEqual(seconds);
  await worker.quiet();
  expect((await ask('/readyz')).status).toBe(503);
});

test('what throws is a problem of 500 that tells nothing of the inside', async () => {
  const broken = { contentType: 'text/plain', text: () => Promise.reject(new Error('secret')) };
  const { ask } = await serveApp({}, broken as unknown as WorkerMetrics);
  const answer = await ask('/metrics');
  expect(answer.status).toBe(500);
  const text = await answer.text();
  expect(text).toContain('INTERNAL');
  expect(text).not.toContain('secret');
});
