import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildProgram, startProgram } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { newFolder } from '../cli/folder.js';
import { newPlace } from '../support/redis.js';

const PROGRAM = fileURLToPath(import.meta.resolve('@goflow/gateway/package.json')).replace(
  'package.json',
  'bin/goflow-gateway.js',
);
const TASKS = fileURLToPath(new URL('../fixtures/tasks.mjs', import.meta.url));
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProgram {
  const program = startProgram(PROGRAM, args, { env });
  onTestFinished(() => program[Symbol.asyncDispose]());
  return program;
}

/** On a Redis of its own place, at a free port. */
function runHere(env: Readonly<Record<string, string>> = {}, more: readonly string[] = []) {
  const { redis, prefix } = newPlace();
  const where = ['--redis', redis, '--prefix', prefix, '--tasks', TASKS, '--port', '0'];
  return run([...where, ...more], env);
}

async function urlOf(program: ChildProgram): Promise<string> {
  const [, url = ''] = await program.line(/"url":"([^"]+)"/);
  return url;
}

const pushTo = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/tasks/echo`, { method: 'POST', headers, body: '{"payload":"hello"}' });

test('it says where it listens, pushes, and ends with 0 on a signal', async () => {
  const program = runHere();
  const url = await urlOf(program);
  expect((await pushTo(url)).status).toBe(201);
  expect((await fetch(`${url}/dashboard`)).status).toBe(200);
  expect(await program.stop()).toEqual({ code: 0, signal: null });
});

test('tokens come from the environment, or from files; wrong ones are not shown', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'goflow-gateway-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'tokens');
  writeFileSync(file, 'the old push token\nthe new push token\n');
  const program = runHere({
    GOFLOW_OPERATE_TOKEN: 'the operate token',
    GOFLOW_PUSH_TOKEN_FILE: file,
  });
  const url = await urlOf(program);
  const statuses = ['the old push token', 'the new push token', 'the operate token', 'wrong'].map(
    async (token) => (await pushTo(url, { authorization: `Bearer ${token}` })).status,
  );
  expect(await Promise.all(statuses)).toEqual([201, 201, 201, 401]);
  const short = runHere({ GOFLOW_OPERATE_TOKEN: 'too short' });
  expect(await short.exited).toEqual({ code: 2, signal: null });
  expect(short.stderr).toMatch(/OPTION_INVALID: .*`GOFLOW_OPERATE_TOKEN`/);
  expect(short.stderr).not.toContain('too short');
});

test.each(['module', 'commonjs'])(
  'contracts in TypeScript are taken where tsx is: %s',
  async (type) => {
    const files = {
      'package.json': JSON.stringify({ type }),
      'tasks.ts': `
import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';
const any: z.ZodType = z.any();
export const tasks = defineTasks({ echo: { payload: any, result: any } });
`,
    };
    const folder = await newFolder(files, ['@goflow/sdk', 'zod', 'tsx']);
    const program = runHere({}, ['--tasks', join(folder, 'tasks.ts')]);
    expect(await urlOf(program)).toMatch(/^http/);
  },
);

test('a push is part of the trace that its request names, where traces are asked for', async () => {
  const program = runHere({ OTEL_TRACES_EXPORTER: 'console' });
  const url = await urlOf(program);
  const traceparent = `00-${TRACE_ID}-b7ad6b7169203331-01`;
  expect((await pushTo(url, { traceparent })).status).toBe(201);
  expect(await program.stop()).toEqual({ code: 0, signal: null });
  expect(program.stdout).toContain(`traceId: '${TRACE_ID}'`);
  expect(program.stdout).toContain(`name: 'push default'`);
});

test.each([
  [[], /--tasks <file> .* is missing/],
  [['--tasks', TASKS, '--port', 'x'], /--port/],
  [['--tasks', TASKS, '--host', '0.0.0.0'], /Expected `GOFLOW_OPERATE_TOKEN` to be given [^`]*$/m],
  [['--tasks', TASKS, '--rate-limit', '0'], /--rate-limit/],
  [['--tasks', '/no/such/tasks.mjs'], /tasks\.mjs/],
  [['--tasks', TASKS, '--tokn', 'x'], /unknown option '--tokn'/],
])('%j is refused with 2, and said', async (args, said) => {
  const program = run(args);
  expect(await program.exited).toEqual({ code: 2, signal: null });
  expect(program.stderr).toMatch(said);
});

test('a port that is taken ends it with 69', async () => {
  const first = runHere();
  const { port } = new URL(await urlOf(first));
  const second = runHere({}, ['--port', port]);
  expect(await second.exited).toEqual({ code: 69, signal: null });
  expect(second.stderr).toContain('PORT_IN_USE');
});

test('--help names every flag with its variable, the tokens, and an example', async () => {
  const program = run(['--help']);
  expect(await program.exited).toEqual({ code: 0, signal: null });
  for (const name of ['GOFLOW_TASKS', 'REDIS_URL', 'GOFLOW_RATE_LIMIT', 'GOFLOW_OPERATE_TOKEN'])
    expect(program.stdout).toContain(name);
  expect(program.stdout).toContain('goflow-gateway --tasks ./tasks.js');
});
