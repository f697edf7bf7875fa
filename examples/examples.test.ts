import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RedisServer, startProgram, until } from '@goflow/testing';
import { describe, expect, inject, onTestFinished, test } from 'vitest';

// Each runs as a user runs it: the built program, in a process of its own.
const SMALL = fileURLToPath(new URL('../libs/shared/src', import.meta.url));

test.each([
  { name: '00-file-digests', args: [SMALL] },
  { name: '01-first-task', args: [] },
  { name: '02-typed-contract', args: [] },
  { name: '03-scale-out', args: [] },
  { name: '04-local-mode', args: [] },
  { name: '05-cancel-and-progress', args: [] },
  { name: '06-map', args: [] },
  { name: '07-testing', args: [] },
  { name: '08-results-elsewhere', args: [] },
  { name: '09-other-languages', args: [] },
])('$name prints what its README promises, and leaves no key in Redis', async ({ name, args }) => {
  await using server = await RedisServer.start();
  const run = await runExample(name, args, { REDIS_URL: server.url });
  expect(run.stderr).toBe('');
  expect(differences(run.stdout, await promised(name))).toEqual([]);
  expect(run.code).toBe(0);
  expect(await askRedis(server.port, 'DBSIZE')).toBe(':0');
});

test('without REDIS_URL it has a private Redis, which ends with it', async () => {
  const run = await runExample('00-file-digests', [SMALL]);
  const port = Number(/redis:\/\/127\.0\.0\.1:(\d+), a private one/.exec(run.stdout)?.[1]);
  expect(run.code).toBe(0);
  await expect(askRedis(port, 'PING')).rejects.toThrow('ECONNREFUSED');
});

test.each(['04-local-mode', '07-testing'])('%s needs no Redis', async (name) => {
  const run = await runExample(name, [], { PATH: '' });
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(differences(run.stdout, await promised(name))).toEqual([]);
});

test('one that needs Redis says what to do where there is none', async () => {
  const run = await runExample('01-first-task', [], { PATH: '' });
  expect(run).toMatchObject({ code: 1, stdout: '' });
  expect(run.stderr).toContain('install redis-server (or valkey-server), or set REDIS_URL');
});

describe('00-file-digests in local mode', () => {
  const name = '00-file-digests';
  /** On an empty PATH there is neither a Redis nor what could install one. */
  const NOTHING = { PATH: '' };

  test.each([
    { why: 'as asked', args: ['--local'], env: { REDIS_URL: inject('redisUrl') } },
    { why: 'no package manager can be run here', args: [], env: NOTHING },
    { why: 'GOFLOW_NO_INSTALL is set', args: [], env: { ...NOTHING, GOFLOW_NO_INSTALL: '1' } },
  ])('does the same job: $why', async ({ why, args, env }) => {
    const run = await runExample(name, [...args, SMALL], env);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(differences(run.stdout, await promised(name, 'local mode'))).toEqual([]);
    expect(run.stdout.split('\n').filter((line) => line.includes(why))).toHaveLength(1);
    const files = /files +([\d,]+) in/.exec(run.stdout)?.[1];
    expect(run.stdout).toContain(`\n${files} tasks in`);
    expect(Number(/checked +(\d+) results equal/.exec(run.stdout)?.[1])).toBeGreaterThanOrEqual(20);
  });

  test('where redis-server does not start, its last words are told', async () => {
    const folder = await folderWithRedis('echo Booting; echo Bad directive; exit 1');
    const run = await runExample(name, [SMALL], { PATH: folder });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toMatch(/^ {2}local mode .* did not start .* Bad directive$/m);
  });

  test('Ctrl-C while redis-server starts is no reason for it', async () => {
    const folder = await folderWithRedis(
      'echo > "$0.began"; while [ ! -e "$0.end" ]; do :; done; exit 1',
    );
    await using program = startProgram(mainOf(name), [SMALL], { env: { PATH: folder } });
    const hasBegun = () => existsSync(join(folder, 'redis-server.began'));
    await until(hasBegun, { what: 'redis-server to begin' });
    program.signal('SIGINT');
    await writeFile(join(folder, 'redis-server.end'), '');
    expect(await program.exited).toEqual({ code: 130, signal: null });
    expect(program.stdout).toBe('');
  });

  test('--keep stays up until Ctrl-C', async () => {
    await using program = startProgram(mainOf(name), ['--local', '--keep', SMALL]);
    const [, url = ''] = await program.line(/metrics at (\S+)$/);
    await program.line(/^staying up until Ctrl-C$/);
    expect(await (await fetch(url)).text()).toContain('goflow_');
    program.signal('SIGINT');
    expect(await program.exited).toEqual({ code: 0, signal: null });
  });

  test('Ctrl-C in the middle ends it', async () => {
    await using program = startProgram(mainOf(name), ['--local']);
    await program.line(/files +[\d,]+ in/);
    program.signal('SIGINT');
    expect(await program.exited).toEqual({ code: 130, signal: null });
    expect(program.stderr).toBe('');
  });
});

describe('00-file-digests', () => {
  const name = '00-file-digests';

  test('has a result for every file, and checks at least 20 of them', async () => {
    const { stdout } = await runExample(name, [SMALL], { REDIS_URL: inject('redisUrl') });
    const files = /files +([\d,]+) in/.exec(stdout)?.[1];
    expect(stdout).toContain(`\n${files} tasks in`);
    expect(Number(/checked +(\d+) results equal/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(20);
  });

  test('--help', async () => {
    const run = await runExample(name, ['--help']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('Usage: npm start -- [options] [directory]');
  });

  test.each([
    { args: ['/no/such/place'], says: 'there is no directory /no/such/place' },
    { args: [fileURLToPath(import.meta.url)], says: 'is no directory' },
    { args: [SMALL, SMALL], says: 'one directory at a time' },
    { args: ['--kepe'], says: "Unknown option '--kepe'" },
  ])('a wrong command line: $says', async ({ args, says }) => {
    const run = await runExample(name, args);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain(says);
  });

  test('says when nothing answers at REDIS_URL', async () => {
    const server = await RedisServer.start();
    await server.stop();
    const run = await runExample(name, [SMALL], { REDIS_URL: server.url });
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toMatch(/^BROKER_UNAVAILABLE: /);
  });

  test('--keep stays up until Ctrl-C, then ends its workers', async () => {
    await using program = startProgram(mainOf(name), ['--keep', SMALL], {
      env: { REDIS_URL: inject('redisUrl') },
    });
    const [, url = ''] = await program.line(/metrics at (\S+)$/);
    await program.line(/^staying up until Ctrl-C$/);
    expect(await (await fetch(url)).text()).toContain('goflow_');
    program.signal('SIGINT');
    expect(await program.exited).toEqual({ code: 0, signal: null });
    await expect(fetch(url)).rejects.toThrow();
  });

  test('Ctrl-C in the middle ends everything', async () => {
    await using server = await RedisServer.start();
    await using program = startProgram(mainOf(name), [], { env: { REDIS_URL: server.url } });
    const [, url = ''] = await program.line(/metrics at (\S+)$/);
    await program.line(/files +[\d,]+ in/);
    program.signal('SIGINT');
    expect(await program.exited).toEqual({ code: 130, signal: null });
    await expect(fetch(url)).rejects.toThrow();
    expect(await askRedis(server.port, 'DBSIZE')).toBe(':0');
  });
});

/** A folder with a redis-server that does this instead, in the words of sh. */
async function folderWithRedis(script: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'goflow-no-redis-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'redis-server'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}

function mainOf(name: string): string {
  return fileURLToPath(new URL(`dist/${name}/main.js`, import.meta.url));
}

async function runExample(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  await using program = startProgram(mainOf(name), args, { env });
  const { code } = await program.exited;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** The first block marked as text in the README of an example that has this in it. */
async function promised(name: string, part = ''): Promise<string> {
  const readme = await readFile(new URL(`${name}/README.md`, import.meta.url), 'utf8');
  const blocks = [...readme.matchAll(/^```text\n(.*?)^```$/gms)].map(([, lines = '']) => lines);
  const block = blocks.find((lines) => lines.includes(part));
  if (block === undefined) throw new Error(`${name}/README.md has no block of output`);
  return block;
}

/** Compares line by line. In a promised line `…` stands for anything, and for nothing. */
function differences(printed: string, promise: string): string[] {
  const found = printed.trimEnd().split('\n');
  const wanted = promise.trimEnd().split('\n');
  return Array.from({ length: Math.max(found.length, wanted.length) }, (_, n) => {
    const [is, should] = [found[n], wanted[n]];
    const isKept = is !== undefined && should !== undefined && patternOf(should).test(is);
    return isKept
      ? ''
      : `line ${n + 1}: promised ${should ?? 'nothing'}, printed ${is ?? 'nothing'}`;
  }).filter((difference) => difference !== '');
}

function patternOf(line: string): RegExp {
  const parts = line.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

/** Sends one inline command, and gives the first line of the answer. */
function askRedis(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.setEncoding('utf8').once('error', reject);
    socket.once('data', (answer: string) => {
      socket.destroy();
      resolve(answer.split('\r\n')[0] ?? '');
    });
  });
}
