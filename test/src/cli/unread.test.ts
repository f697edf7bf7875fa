import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { newPlace, type Place } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { flagsOf, GOFLOW } from './cli.js';
import { newFolder } from './folder.js';
import { startShop } from './shop.js';
import { tasks } from './shop-tasks.mjs';

// Nobody reads stdout to its end, or it cannot be written to.

/** Runs `goflow …args` with its stdout in a shell's hands, such as `| head -1`. Answers with the exit code of goflow, not of the reader. */
async function piped(
  place: Place | undefined,
  args: readonly string[],
  { into, stdin = '' }: { readonly into: string; readonly stdin?: string },
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const script = `( "$@"; echo "code $?" >&2 ) ${into}`;
  const line = [process.execPath, GOFLOW, ...args, ...(place ? flagsOf(place) : [])];
  const child = spawn('sh', ['-c', script, 'sh', ...line]);
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [, said = '', code = ''] = /^([\s\S]*)code (\d+)\n$/.exec(stderr) ?? [];
  return { code: Number(code), stdout, stderr: said };
}

const LINES = 20_000;
const MANY = Array.from({ length: LINES }, (_, at) => `"line ${at + 1}"\n`).join('');

test('push --many | head -1: all lines are pushed', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const called = await piped(place, ['push', 'echo', '--many'], { into: '| head -1', stdin: MANY });
  expect(called.code).toBe(0);
  expect(called.stdout.split('\n')).toHaveLength(2);
  expect((await goflow.counts()).waiting).toBe(LINES);
});

test('dead discard of many ids | true: each is removed', async () => {
  const { place, goflow } = await startShop();
  const ids = await goflow.pushMany('fail', ['a', 'b', 'c', 'd']);
  await goflow.waitAll(ids);
  const called = await piped(place, ['dead', 'discard', ...ids], { into: '| true' });
  expect(called).toMatchObject({ code: 0, stderr: '' });
  const left = await Promise.all(ids.map((id) => goflow.status(id)));
  expect(left.map(({ status }) => status)).toEqual(ids.map(() => 'unknown'));
});

test('exec --fail | true, and get | true: their own exit codes', async () => {
  const place = newPlace();
  const commands = JSON.stringify([{ identifier: 'a', command: 'false', args: [] }]);
  const exec = ['exec', '--fail', commands];
  expect(await piped(undefined, exec, { into: '| true' })).toMatchObject({ code: 1 });
  const id = 'default:AaIAbpSTeh2PWXg4OD5K3A';
  expect(await piped(place, ['get', id], { into: '| true' })).toMatchObject({ code: 4 });
});

test('list | head -1, and watch | true: they end at once, with 0', async () => {
  const { place, goflow } = await startShop();
  await goflow.waitAll(
    await goflow.pushMany(
      'echo',
      Array.from({ length: 5_000 }, () => 'a'),
    ),
  );
  const list = ['list', '--limit', '5000', '--json'];
  expect(await piped(place, list, { into: '| head -1' })).toMatchObject({ code: 0 });
  const id = await goflow.push('slow', 600_000);
  expect(await piped(place, ['watch', id], { into: '| true' })).toMatchObject({
    code: 0,
    stderr: '',
  });
});

test('a terminal that hangs up is a pipe that is closed: all lines are pushed', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const cwd = await newFolder({ lines: MANY });
  const line = [process.execPath, GOFLOW, 'push', 'echo', '--many', ...flagsOf(place)];
  // The shell ignores SIGHUP, and the kernel tells nobody else: the program hears of it when it writes.
  const script = `trap '' HUP; ${line.join(' ')} < lines 2> said; echo > ended`;
  const child = spawn('script', ['-qec', script, '/dev/null'], { cwd });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await until(() => existsSync(join(cwd, 'ended')), { what: 'its end' });
  expect(await readFile(join(cwd, 'said'), 'utf8')).not.toContain('EIO');
  expect((await goflow.counts()).waiting).toBe(LINES);
});

test('a disk that is full is a defect of what is around, told with its stack: 70, and not "used wrongly"', async () => {
  const told = await piped(newPlace(), ['completion', 'bash'], { into: '> /dev/full' });
  expect(told.code).toBe(70);
  expect(told.stderr).toMatch(/ENOSPC[\s\S]*\n {4}at /);
});
