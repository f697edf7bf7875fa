import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildProgram, freePort, RedisServer, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { tasks } from '../fixtures/tasks.mjs';
import { ask } from '../support/http.js';
import { HANDLERS_DIR, runWorker, runWorkerIn, TASKS_FILE, urlOf } from '../support/program.js';
import { newPlace } from '../support/redis.js';
import { openClient } from '../support/system.js';

const MODULES = ['--tasks', TASKS_FILE, '--handlers', HANDLERS_DIR];
const NOWHERE = { redis: 'redis://127.0.0.1:1', prefix: 'nowhere' };
const SECRET = 's3cret-pa55word';

test('--help says all there is to know, and exits 0', async () => {
  const program = runWorker(['--help']);
  expect(await program.exited).toEqual({ code: 0, signal: null });
  const flags =
    'tasks handlers redis prefix concurrency port host grace lease log-level version help';
  for (const flag of flags.split(' ')) expect(program.stdout).toContain(`--${flag}`);
  for (const word of ['REDIS_URL', 'GOFLOW_TOKEN_FILE', 'SIGTERM', 'Example:'])
    expect(program.stdout).toContain(word);
  expect(program.stderr).toBe('');
});

test.each(['--version', '-V'])('%s says the version, and exits 0', async (flag) => {
  const manifest = fileURLToPath(import.meta.resolve('@goflow/worker/package.json'));
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  const program = runWorker([flag]);
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(program.stdout).toBe(`${version}\n`);
});

test.each([
  [[], '--tasks <file> (or GOFLOW_TASKS) is missing'],
  [['--tasks', TASKS_FILE], '--handlers <dir> (or GOFLOW_HANDLERS) is missing'],
  [['--tasks'], "option '--tasks <file>' argument missing"],
  [['--concurency', '5'], "unknown option '--concurency'"],
  [[...MODULES, 'start'], 'too many arguments'],
  [
    [...MODULES, '--concurrency', '1.5'],
    '--concurrency <n>: Expected `concurrency` to be an integer',
  ],
  [
    [...MODULES, '--port', 'http'],
    '--port <n>: Expected `--port` to be an integer from 0 to 65,535, got "http"',
  ],
  [[...MODULES, '--grace', 'soon'], '--grace <duration>: Expected'],
  [[...MODULES, '--lease', '1ms'], '--lease <duration>: Expected'],
  [[...MODULES, '--prefix', 'a:b'], '--prefix <name>: Expected `prefix` to be'],
  [[...MODULES, '--log-level', 'loud'], '--log-level <level>: expected one of debug, info'],
  [
    [...MODULES, '--port', '0', '--host', '0.0.0.0'],
    'Expected `GOFLOW_TOKEN` to be given when listening on 0.0.0.0, which others can reach\n',
  ],
  [
    ['--tasks', join(HANDLERS_DIR, 'none.mjs'), '--handlers', HANDLERS_DIR],
    'none.mjs cannot be loaded',
  ],
  [
    ['--tasks', join(HANDLERS_DIR, 'echo.mjs'), '--handlers', HANDLERS_DIR],
    'echo.mjs exports no `tasks`',
  ],
])('%j: exit 2, and a line that says why', async (flags, why) => {
  const program = runWorker(flags);
  expect(await program.exited).toEqual({ code: 2, signal: null });
  expect(program.stderr).toContain(why);
  expect(program.stderr).not.toMatch(/^ {4}at /m);
  expect(program.stdout).toBe('');
});

test('a variable that is wrong is named, not the flag', async () => {
  const program = runWorker(MODULES, { GOFLOW_CONCURRENCY: 'many' });
  expect(await program.exited).toEqual({ code: 2, signal: null });
  expect(program.stderr).toMatch(
    /^goflow-worker: OPTION_INVALID: GOFLOW_CONCURRENCY: .*"many".*\n$/,
  );
});

test.each([
  `http://user:${SECRET}@127.0.0.1`,
  `redis://:${SECRET}@127.0.0.1:port`,
  SECRET,
  `redis://:${SECRET}@a b`,
])('the wrong Redis URL %# exits 2, and is not printed: it may hold a password', async (url) => {
  for (const [flags, env] of [
    [['--redis', url], {}],
    [[], { REDIS_URL: url }],
  ] as const) {
    const program = runWorker([...MODULES, ...flags], env);
    expect(await program.exited).toEqual({ code: 2, signal: null });
    expect(program.stderr).toContain('`redis`');
    expect(program.stdout + program.stderr).not.toContain(SECRET);
  }
});

test('a password that Redis does not take is not logged, nor one for a Redis that is not there', async () => {
  await using redis = await RedisServer.start({ password: 'another' });
  for (const port of [redis.port, await freePort()]) {
    const program = runWorkerIn({ redis: `redis://:${SECRET}@127.0.0.1:${port}`, prefix: 'p' });
    await program.line(/"msg":"trouble with Redis"/);
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    expect(program.stdout + program.stderr).not.toContain(SECRET);
  }
});

const definition = (type: string) => `export const it = { type: '${type}', handler: () => '' };`;

test.each([
  [
    'has a syntax error',
    { 'broken.mjs': 'export const = 1;' },
    ['HANDLER_INVALID', 'broken.mjs cannot be loaded'],
  ],
  [
    'has one in CommonJS, of which Node says the line',
    { 'broken.cjs': 'const a = 1;\nconst = 2;' },
    ['HANDLER_INVALID', 'broken.cjs:2)'],
  ],
  [
    'throws',
    { 'broken.mjs': `throw new Error('no config');` },
    ['HANDLER_INVALID', 'broken.mjs', 'no config'],
  ],
  ['has no handler', { 'sub/empty.js': '' }, ['HANDLER_INVALID', 'empty.js exports no handler']],
  [
    'handles what no contract knows',
    { 'm.mjs': definition('nope') },
    ['TASK_TYPE_UNKNOWN', 'm.mjs', '"nope"'],
  ],
  [
    'handles what another does',
    { 'a.mjs': definition('echo'), 'b.mjs': definition('echo') },
    ['HANDLER_DUPLICATE', 'a.mjs', 'b.mjs', 'echo'],
  ],
  ['is not there', {}, ['HANDLER_INVALID', 'no handler module']],
])('a handler module that %s: exit 78, and it is named', async (_what, files, words) => {
  const dir = await write(files);
  const program = runWorker(['--tasks', TASKS_FILE, '--handlers', dir, '--redis', NOWHERE.redis]);
  expect(await program.exited).toEqual({ code: 78, signal: null });
  expect(program.stderr).toMatch(/^goflow-worker: [A-Z_]+: .*\n$/);
  for (const word of [dir, ...words]) expect(program.stderr).toContain(word);
});

test('paths may hold anything that a file system allows', async () => {
  const dir = await write({ 'sp ace/ü#%25?/ha.ndler.mjs': definition('echo') });
  const program = runWorker([
    '--tasks',
    TASKS_FILE,
    '--handlers',
    dir,
    '--redis',
    NOWHERE.redis,
    '--port',
    '0',
  ]);
  await program.line(/these task types have no handler here/);
  await program.line(/trouble with Redis/);
  expect(await program.stop()).toEqual({ code: 0, signal: null });
});

test('a port that is taken: exit 69 with PORT_IN_USE', async () => {
  const server = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const program = runWorkerIn(newPlace(), ['--port', String(port)]);
  expect(await program.exited).toEqual({ code: 69, signal: null });
  expect(program.stderr).toContain(
    `PORT_IN_USE: 127.0.0.1:${port} is taken: choose another port, or 0`,
  );
});

test('what a handler throws outside its own promise is logged and counted, and the worker goes on', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const program = runWorkerIn(place);
  const url = await urlOf(program);
  for (const payload of ['rejection', 'timer', 'both'] as const)
    expect(await goflow.wait(await goflow.push('escaping', payload))).toBe(`after ${payload}`);
  const count = async () =>
    /^goflow_handler_errors_escaped_total (\d+)$/m.exec((await ask(`${url}/metrics`)).text)?.[1];
  await until(async () => (await count()) === '4', { what: 'four errors to be counted' });
  await until(() => escapedOf(program).length >= 4, { what: 'four lines in the log' });
  expect(escapedOf(program)).toEqual(['RangeError', 'RangeError', 'TypeError', 'TypeError']);
  expect(program.stdout).toContain('nobody awaits this');
  expect((await ask(`${url}/readyz`)).status).toBe(200);
  expect(await goflow.wait(await goflow.push('echo', 'still here'))).toBe('still here');
  expect(await program.stop()).toEqual({ code: 0, signal: null });
});

test('every flag can be set by its variable', async () => {
  const place = newPlace();
  const port = await freePort();
  const token = 'a token of the tests';
  const goflow = openClient(tasks, place);
  const program = runWorker([], {
    GOFLOW_TASKS: TASKS_FILE,
    GOFLOW_HANDLERS: HANDLERS_DIR,
    REDIS_URL: place.redis,
    GOFLOW_PREFIX: place.prefix,
    GOFLOW_CONCURRENCY: 'default=3',
    GOFLOW_PORT: String(port),
    GOFLOW_HOST: '0.0.0.0',
    GOFLOW_TOKEN: token,
    GOFLOW_GRACE: '0s',
    GOFLOW_LEASE: '1m',
    GOFLOW_METRIC_TYPES: '0',
    GOFLOW_METRIC_QUEUES: '0',
    GOFLOW_METRIC_GROUP: 'tests',
    GOFLOW_LOG_LEVEL: 'silent',
    BLOCKED: '1',
  });
  expect(await goflow.wait(await goflow.push('echo', 'by variables'))).toBe('by variables');
  const at = `http://127.0.0.1:${port}/concurrency`;
  expect((await ask(at)).status).toBe(401);
  const answer = await ask(at, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.json).toMatchObject({ queues: { default: 3 } });
  expect((await ask(`http://127.0.0.1:${port}/metrics`)).text).toContain(
    'goflow_tasks_finished_total{queue="other",type="other",outcome="completed"} 1',
  );
  const id = await goflow.push('deaf.to-signal', null);
  await until(async () => (await goflow.status(id)).status === 'active', {
    what: 'the task to run',
  });
  // With the default grace of 25 s, stop() would have to kill it.
  expect(await program.stop()).toEqual({ code: 0, signal: null });
  expect(program.stdout + program.stderr).toBe('');
});

test('every line of the log is JSON, names the worker, and tells of what failed', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const program = runWorkerIn(place, ['--log-level', 'debug']);
  await urlOf(program);
  await goflow.wait(await goflow.push('echo', 'a payload is nobody’s business'));
  await program.stop();
  const lines = program.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines)
    expect(line).toMatchObject({
      level: expect.any(String),
      time: expect.any(String),
      worker: expect.stringMatching(`:${program.pid}:1$`),
    });
  expect(program.stdout).not.toContain('nobody’s business');
});

function escapedOf({ stdout }: ChildProgram): string[] {
  const lines = stdout.split('\n').filter((line) => line.includes('"code":"HANDLER_ESCAPED"'));
  return lines
    .map((line) => (JSON.parse(line) as { failure: { name: string } }).failure.name)
    .sort();
}

/** Writes files into a directory of the test's own, and gives its real path. */
async function write(files: Readonly<Record<string, string | undefined>>): Promise<string> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'goflow-program-')));
  onTestFinished(() => rm(dir, { recursive: true }));
  for (const [name, source] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), source ?? '');
  }
  return dir;
}
