import { expect, test } from 'vitest';
import { newPlace } from '../support/redis.js';
import { runCli } from './cli.js';

test.each([[[]], [['--json']], [['--prefix', 'a']]])(
  'no command (%j): the help on stdout, for a pager, and 2, so that a script sees it',
  async (args) => {
    const called = await runCli(undefined, args);
    expect(called).toMatchObject({ code: 2, stderr: '' });
    expect(called.stdout).toBe((await runCli(undefined, ['--help'])).stdout);
  },
);

test.each([
  [['--help'], 'Usage: goflow [options] [command]'],
  [['help'], 'Usage: goflow [options] [command]'],
  [['help', 'get'], 'Usage: goflow get [options] <id>'],
  [['get', '--help'], 'Usage: goflow get [options] <id>'],
  [['help', 'dead'], 'Usage: goflow dead [options] [command]'],
  [['help', 'dead', 'list'], 'Usage: goflow dead list [options]'],
  [['help', 'worker'], 'Usage: goflow worker [options]'],
])('%j: %s, and 0', async (args, usage) => {
  const called = await runCli(undefined, args);
  expect(called).toMatchObject({ code: 0, stderr: '' });
  expect(called.stdout.split('\n')[0]).toBe(usage);
  expect(called.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('a group alone: its commands on stdout, and 2', async () => {
  const { code, stdout, stderr } = await runCli(undefined, ['dead']);
  expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
  expect(stdout).toBe((await runCli(undefined, ['help', 'dead'])).stdout);
});

test.each([
  [['help', 'nope'], "unknown command 'nope'"],
  [['dead', 'lst'], "unknown command 'lst'"],
  [['--nope', 'get'], "unknown option '--nope'"],
  [['get'], "missing required argument 'id'"],
  [['get', 'a', '--redsi', 'b'], "unknown option '--redsi'"],
])('%j: 2, and why on stderr', async (args, why) => {
  const { code, stdout, stderr } = await runCli(undefined, args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(why);
});

test.each([
  [['--nope', 'get', '--json'], "unknown option '--nope'"],
  [['--json', 'get'], "missing required argument 'id'"],
  [['dead', 'lst', '--json'], "unknown command 'lst'\n(Did you mean list?)"],
])('%j: 2, and why on stderr as the line of JSON that every error is', async (args, message) => {
  const { code, stdout, stderr } = await runCli(undefined, args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(JSON.parse(stderr)).toEqual({ error: { code: 'OPTION_INVALID', message } });
});

test('a group with a usual command alone is that command; what is none is told', async () => {
  const place = newPlace();
  for (const settings of [[], ['--json']]) {
    const called = await runCli(place, ['concurrency', ...settings]);
    expect(called).toEqual(await runCli(place, ['concurrency', 'get', ...settings]));
    expect(called.code).toBe(0);
  }
  const wrong = await runCli(place, ['concurrency', 'gte']);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean get?') });
});

test.each(['--version', '-V'])('%s: the version', async (flag) => {
  const { code, stdout } = await runCli(undefined, [flag]);
  expect({ code, stdout: stdout.replace(/\d+\.\d+\.\d+/, 'x') }).toEqual({
    code: 0,
    stdout: 'x\n',
  });
});
