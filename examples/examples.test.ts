import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { RedisServer, startProgram } from '@goflow/testing';
import { describe, expect, inject, test } from 'vitest';

// Each runs as a user runs it: the built program, in a process of its own.
const SMALL = fileURLToPath(new URL('../libs/shared/src', import.meta.url));

test.each([
  { name: '00-file-digests', args: [SMALL] },
  { name: '01-first-task', args: [] },
  { name: '02-typed-contract', args: [] },
  { name: '03-scale-out', args: [] },
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

function mainOf(name: string): string {
  return fileURLToPath(new URL(`dist/${name}/main.js`, import.meta.url));
}

async function runExample(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  await using program = startProgram(mainOf(name), args, { env });
  const { code } = await program.exited;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** The lines of the first block marked as text in the README of an example. */
async function promised(name: string): Promise<string> {
  const readme = await readFile(new URL(`${name}/README.md`, import.meta.url), 'utf8');
  const block = /^```text\n(.*?)^```$/ms.exec(readme)?.[1];
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
