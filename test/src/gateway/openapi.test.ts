import { defineTasks, ERRORS } from '@goflow/sdk';
import { toStandardJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { OpenApi, OperationObject } from './described.js';
import { startGateway } from './gateway.js';

const tasks = defineTasks({
  'email.send': {
    payload: z.object({ to: z.email(), subject: z.string().max(100).optional() }),
    result: z.object({ messageId: z.string() }),
  },
  'image.resize': {
    payload: toStandardJsonSchema(v.object({ width: v.number() })) as never,
    result: v.string(),
  },
  odd: { payload: z.date(), result: z.bigint() },
  constructor: { payload: z.any(), result: z.any() },
});

const documentOf = async (): Promise<OpenApi> => (await startGateway({ tasks })).described.document;

function operationsOf({ paths }: OpenApi): [where: string, OperationObject][] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, OperationObject] => [
      `${method} ${path}`,
      operation,
    ]),
  );
}

/** Every object in a document, with the place where it stands. */
function* partsOf(part: unknown, at = '#'): Generator<[string, Record<string, unknown>]> {
  if (typeof part !== 'object' || part === null) return;
  yield [at, part as Record<string, unknown>];
  for (const [name, inner] of Object.entries(part)) yield* partsOf(inner, `${at}/${name}`);
}

test('every reference leads somewhere', async () => {
  const { described } = await startGateway({ tasks });
  const broken = [...partsOf(described.document)].flatMap(([at, { $ref }]) => {
    if (typeof $ref !== 'string') return [];
    const names = $ref.split('/').slice(1);
    const found = names.reduce<unknown>(
      (inner, name) => (inner as Record<string, unknown> | undefined)?.[name],
      described.document,
    );
    return $ref.startsWith('#/components/') && found !== undefined ? [] : [`${at}: ${$ref}`];
  });
  expect(broken).toEqual([]);
});

test('every operation has an id of its own, words, a role, parameters that are in its path, and answers', async () => {
  const document = await documentOf();
  const operations = operationsOf(document);
  const ids = operations.map(([, { operationId }]) => operationId);
  expect(ids).toEqual([...new Set(ids)]);
  for (const [where, operation] of operations) {
    const { parameters = [], responses } = operation;
    const inPath = [...where.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = parameters.filter((one) => one.in === 'path');
    expect([where, declared.map(({ name }) => name)]).toEqual([where, inPath]);
    expect(operation, where).toMatchObject({
      summary: expect.stringMatching(/^[A-Z].*[^.]$/),
      tags: [expect.any(String)],
    });
    const statuses = Object.keys(responses);
    expect(
      statuses.some((status) => status.startsWith('2')),
      where,
    ).toBe(true);
    const isOpen = 'security' in operation;
    if (isOpen) continue;
    expect(['read', 'push', 'operate']).toContain(
      (operation as { 'x-goflow-role'?: string })['x-goflow-role'],
    );
    expect(statuses).toEqual(
      expect.arrayContaining(['400', '401', '403', '429', '503', 'default']),
    );
    if (inPath.length > 0) expect(statuses).toContain('404');
    if (operation.requestBody) expect(statuses).toContain('413');
  }
});

test('every response has words, and every parameter a schema, a place and words', async () => {
  const document = await documentOf();
  for (const [name, response] of Object.entries(document.components.responses ?? {}))
    expect(response, name).toMatchObject({ description: expect.stringMatching(/\S/) });
  const { described } = await startGateway({ tasks });
  for (const [where, { parameters = [] }] of operationsOf(document))
    for (const one of parameters)
      expect(described.find(one), where).toMatchObject({
        name: expect.any(String),
        in: expect.stringMatching(/^(path|query|header)$/),
        description: expect.stringMatching(/\.$/),
        schema: expect.any(Object),
      });
});

test('no two paths are the same but for the names of their parameters', async () => {
  const shapes = Object.keys((await documentOf()).paths).map((path) =>
    path.replaceAll(/\{\w+\}/g, '{}'),
  );
  expect(shapes).toEqual([...new Set(shapes)]);
});

test('each task type has a path with its payload and result', async () => {
  const document = await documentOf();
  const { schemas = {} } = document.components;
  expect(document.openapi).toBe('3.1.1');
  expect(schemas['email.send.payload']).toMatchObject({
    required: ['to'],
    properties: { to: { format: 'email' }, subject: { maxLength: 100 } },
  });
  expect(schemas['email.send.result']).toMatchObject({ required: ['messageId'] });
  expect(schemas['image.resize.payload']).toMatchObject({ required: ['width'] });
  for (const name of ['image.resize.result', 'odd.payload', 'odd.result'])
    expect(schemas[name], name).not.toHaveProperty('type');
  for (const type of tasks.contracts.keys()) {
    const { post } = document.paths[`/tasks/${type}`] ?? {};
    expect(post?.operationId).toBe(`push.${type}`);
    expect(JSON.stringify(post?.requestBody)).toContain(`#/components/schemas/${type}.payload"`);
    expect(post).toHaveProperty('x-goflow-result.$ref', `#/components/schemas/${type}.result`);
  }
});

test('a push is what its typed path describes', async () => {
  const { ask } = await startGateway({ tasks });
  const pushed = await ask('/tasks/email.send', { body: { payload: { to: 'a@example.com' } } });
  expect(pushed.status).toBe(201);
  expect((await ask('/tasks/email.send', { body: { payload: {} } })).status).toBe(400);
});

test('every code that goflow has is among those of a problem', async () => {
  const { schemas } = (await documentOf()).components;
  expect(schemas?.ErrorCode).toEqual({ type: 'string', enum: Object.keys(ERRORS) });
  expect(JSON.stringify((await documentOf()).components.responses?.NotFound)).toContain(
    'TASK_UNKNOWN',
  );
});

test('without tokens none is asked for', async () => {
  const http = { port: 0 };
  const { ask } = await startGateway({ tasks, gateway: { http } });
  const { json } = await ask('/openapi.json', { role: 'none' });
  expect(json).toMatchObject({ security: [{}, { bearer: [] }] });
});

test('what is too much to be described is pushed by the path for any type', async () => {
  const description = 'x'.repeat(60_000);
  const payload = z.string().describe(description);
  const types = Array.from({ length: 600 }, (_, index) => [
    `t${index}`,
    { payload, result: z.any() },
  ]);
  const many = defineTasks(
    Object.fromEntries(types) as Record<string, { payload: typeof payload; result: z.ZodAny }>,
  );
  const { described, goflow } = await startGateway({ tasks: many });
  const { info, paths } = described.document;
  expect(info.description).toMatch(/Of \d+ task types there is too much/);
  expect(paths).toHaveProperty('/tasks/t0');
  expect(paths).not.toHaveProperty('/tasks/t599');
  expect(paths).toHaveProperty('/tasks/{task}');
  expect(await goflow.push('t599', 'x')).toMatch(/^default:/);
});
