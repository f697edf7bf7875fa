import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startProgram } from './child-program.js';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'goflow-program-'));
});
afterAll(() => rm(dir, { recursive: true }));

test('gives lines of both streams, past and future, and all that was written', async () => {
  const file = await program(`
    process.on('SIGUSR2', () => { console.error('one more'); process.exit(3); });
    console.log('ready on port 41');
    setInterval(() => {}, 1000);
  `);
  await using run = startProgram(file);
  expect((await run.line(/port (\d+)/))[1]).toBe('41');
  expect((await run.line(/^READY/gi))[0]).toBe('ready');
  const later = run.line(/more$/);
  run.signal('SIGUSR2');
  await later;
  expect(await run.exited).toEqual({ code: 3, signal: null });
  expect(run.stdout).toBe('ready on port 41\n');
  expect(run.stderr).toBe('one more\n');
});

test('a line that cannot come any more is an error with the whole output', async () => {
  const file = await program(`console.log('hello'); console.error('oh'); process.exitCode = 2;`);
  await using run = startProgram(file);
  await expect(run.line(/never/)).rejects.toThrow(
    'no line matches /never/: the program ended (code 2, signal null)\n--- stdout\nhello\n\n--- stderr\noh\n',
  );
});

test('a line that does not come in time is an error', async () => {
  await using run = startProgram(await program('setInterval(() => {}, 1000);'));
  await expect(run.line(/never/, 30)).rejects.toThrow('none came within 30 ms');
});

test('stop() asks first, and tells how it ended', async () => {
  const polite = `process.on('SIGTERM', () => process.exit(0)); console.log('up'); setInterval(() => {}, 1000);`;
  await using run = startProgram(await program(polite));
  await run.line(/up/);
  expect(await run.stop()).toEqual({ code: 0, signal: null });
  expect(await run.stop()).toEqual({ code: 0, signal: null });
});

test('passes arguments, the environment and the folder, and hides what the test run set', async () => {
  vi.stubEnv('GOFLOW_PREFIX', 'from-outside');
  const file = await program(
    'console.log(JSON.stringify([process.argv.slice(2), process.env, process.cwd()]));',
  );
  await using run = startProgram(file, ['a', 'b c'], { env: { MINE: '1' }, cwd: dir });
  await run.exited;
  const [args, env, cwd] = JSON.parse(run.stdout) as [string[], Record<string, string>, string];
  expect(args).toEqual(['a', 'b c']);
  expect(cwd.endsWith(dir)).toBe(true);
  expect(env).toMatchObject({ MINE: '1', PATH: process.env.PATH });
  expect(Object.keys(env).filter((name) => /^(VITEST|GOFLOW_|REDIS_URL)/.test(name))).toEqual([]);
  vi.unstubAllEnvs();
});

test('disposing of it kills it', async () => {
  let pid = 0;
  {
    await using run = startProgram(await program('setInterval(() => {}, 1000);'));
    pid = run.pid;
  }
  expect(() => process.kill(pid, 0)).toThrow();
});

test('a program whose own child holds its output open still ends', async () => {
  const file = await program(`
    import { spawn } from 'node:child_process';
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
    console.log('grandchild ' + child.pid);
    child.unref();
  `);
  await using run = startProgram(file);
  const [, pid] = await run.line(/grandchild (\d+)/);
  expect((await run.exited).code).toBe(0);
  process.kill(Number(pid), 'SIGKILL');
});

test('says when it could not be started', () => {
  expect(() => startProgram('x.mjs', [], { cwd: join(dir, 'missing') })).toThrow(
    'could not start node x.mjs in ',
  );
});

let count = 0;
async function program(source: string): Promise<string> {
  const file = join(dir, `program-${++count}.mjs`);
  await writeFile(file, source);
  return file;
}
