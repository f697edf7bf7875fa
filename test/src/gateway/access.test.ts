import { defineTasks, type Logger } from '@goflow/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ask, expectProblem } from '../support/http.js';
import type { OperationObject } from './described.js';
import { startGateway, TOKENS } from './gateway.js';

const tasks = defineTasks({ echo: { payload: z.string(), result: z.string() } });
const ROLES = ['read', 'push', 'operate'] as const;
const REDACTED = /token-of-tests|hello-payload|secret-value/;

/** Every endpoint that needs a role, from the description of the API: a new one is here by itself. */
function guarded(document: { paths: object }) {
  return Object.entries(document.paths as Record<string, Record<string, OperationObject>>).flatMap(
    ([template, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) => {
        const { 'x-goflow-role': role } = operation as { 'x-goflow-role'?: (typeof ROLES)[number] };
        // Parts of a path are words here, and so ids that nothing has.
        const path = template.replaceAll(/\{\w+\}/g, 'nothing');
        return role === undefined ? [] : [{ method: method.toUpperCase(), path, role }];
      }),
  );
}

test('without the right token no endpoint does anything, and with it none is refused', async () => {
  const { described, url } = await startGateway({ tasks });
  const endpoints = guarded(described.document);
  expect(endpoints.length).toBeGreaterThan(15);
  for (const { method, path, role } of endpoints) {
    const as = (token?: string) =>
      ask(`${url}${path}`, {
        method,
        ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
      });
    const where = `${method} ${path}`;
    const missing = await as();
    expect([where, missing.status]).toEqual([where, 401]);
    expect(missing.headers['www-authenticate']).toBe('Bearer');
    for (const one of ROLES) {
      const { status } = await as(TOKENS[one]);
      const isEnough = ROLES.indexOf(one) >= ROLES.indexOf(role);
      if (isEnough) expect([where, one, [401, 403].includes(status)]).toEqual([where, one, false]);
      else expect([where, one, status]).toEqual([where, one, 403]);
    }
  }
});

test('wrong tokens are refused on every endpoint, and soon the address is told to wait', async () => {
  const { described, url } = await startGateway({ tasks });
  const statuses: number[] = [];
  for (const { method, path } of guarded(described.document)) {
    const headers = { authorization: `Bearer ${TOKENS.operate}x` };
    statuses.push((await ask(`${url}${path}`, { method, headers })).status);
  }
  expect([...new Set(statuses)].filter((status) => status !== 429)).toEqual([401]);
  const right = { authorization: `Bearer ${TOKENS.read}` };
  expect((await ask(`${url}/tasks`, { headers: right })).status).toBe(200);
});

/** Keeps what was logged. */
function recorder() {
  const lines: { level: string; fields: Record<string, unknown>; message: string | undefined }[] =
    [];
  const at = (level: string) => (fields: object, message?: string) =>
    void lines.push({ level, fields: { ...fields }, message });
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  };
  return { logger, lines, requests: () => lines.filter(({ message }) => message === 'request') };
}

test('each request has one line, with its pattern and its id, and nothing that is secret', async () => {
  const { logger, lines, requests } = recorder();
  const { ask: asked } = await startGateway({ tasks, gateway: { logger } });
  const from = requests().length;
  const headers = { 'x-request-id': 'mine-1' };
  const pushed = await asked('/tasks/echo', { body: { payload: 'hello-payload' }, headers });
  expect(pushed.headers['x-request-id']).toBe('mine-1');
  const { id } = pushed.json as { id: string };
  const wrong = await asked('/tasks/echo?secret-value=secret-value', { body: { payload: 7 } });
  expect(wrong.json).toMatchObject({ requestId: wrong.headers['x-request-id'] });
  await asked('/tasks?text=secret-value', { role: 'read' });
  await asked(`/tasks/${id}`, { role: 'read' });
  await asked('/tasks', { role: 'none' });
  await asked('/queues/default/pause', { method: 'POST' });
  await asked('/nothing/secret-value');
  const told = requests().slice(from);
  expect(
    told.map(({ level, fields }) => [
      level,
      fields.method,
      fields.route,
      fields.status,
      fields.role,
    ]),
  ).toEqual([
    ['debug', 'POST', '/tasks/:task', 201, 'operate'],
    ['debug', 'POST', '/tasks/:task', 400, 'operate'],
    ['debug', 'GET', '/tasks', 200, 'read'],
    ['debug', 'GET', '/tasks/:task', 200, 'read'],
    ['debug', 'GET', '/tasks', 401, undefined],
    ['info', 'POST', '/queues/:queue/pause', expect.any(Number), 'operate'],
    ['debug', 'GET', expect.stringMatching(/none/), 404, undefined],
  ]);
  expect(told[0]?.fields).toMatchObject({ requestId: 'mine-1', ms: expect.any(Number) });
  expect(told[1]?.fields).toMatchObject({ code: 'REQUEST_INVALID' });
  expect(JSON.stringify(lines)).not.toMatch(REDACTED);
  expect(JSON.stringify(told)).not.toContain(id);
  expect(JSON.stringify(told)).not.toContain('stack');
});

test.each([['a b'], ['x'.repeat(129)], ['ü'], ['']])(
  'the request id %j is not taken',
  async (id) => {
    const { url } = await startGateway({ tasks });
    const answer = await ask(`${url}/livez`, { headers: { 'x-request-id': id } });
    expect(answer.headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
  },
);

test('a caller that asks too often is told to wait; another one, and probes, are answered', async () => {
  const { url } = await startGateway({ tasks, gateway: { rateLimit: 20 } });
  const as = (role: (typeof ROLES)[number], path = '/tasks') =>
    ask(`${url}${path}`, { headers: { authorization: `Bearer ${TOKENS[role]}` } });
  const answers = await Promise.all(Array.from({ length: 60 }, () => as('read')));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  for (const answer of refused) {
    expectProblem(answer, 429, 'TOO_MANY_REQUESTS');
    expect(answer.headers).toMatchObject({
      'retry-after': '1',
      ratelimit: expect.stringContaining('limit=20, remaining=0'),
    });
  }
  expect((await as('push')).status).toBe(200);
  const probes = await Promise.all(Array.from({ length: 60 }, () => ask(`${url}/livez`)));
  expect(new Set(probes.map(({ status }) => status))).toEqual(new Set([200]));
});
