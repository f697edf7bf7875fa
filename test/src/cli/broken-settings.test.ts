import { expect, test } from 'vitest';
import { newPlace } from '../support/redis.js';
import { flagsOf, runCli } from './cli.js';
import { newFolder } from './folder.js';

const COMMANDS = JSON.stringify([{ identifier: 'a', command: 'echo', args: ['hi'] }]);
const BROKEN = { '.goflow.yaml': 'prefix: a\nreddis: redis://x\n' };

const withoutTimes = (text: string): string => text.replaceAll(/"duration_ms":\d+/g, '');

test.each([
  [['completion', 'bash']],
  [['exec', COMMANDS]],
  [['--help']],
  [['help', 'list']],
  [['list', '--help']],
  [['worker', '--help']],
  [['--version']],
])('%j runs beside settings that are broken: it needs none', async (args) => {
  const cwd = await newFolder(BROKEN);
  const env = { REDIS_URL: 'nonsense', GOFLOW_PREFIX: 'a{b' };
  const called = await runCli(undefined, args, { cwd, env });
  expect(called).toMatchObject({ code: 0, stderr: '' });
  const apart = await runCli(undefined, args);
  expect(withoutTimes(called.stdout)).toBe(withoutTimes(apart.stdout));
});

test.each([
  [['list']],
  [['completion', 'bash', '--config', '.goflow.yaml']],
  [['exec', COMMANDS, '--redis', 'redis://127.0.0.1:1']],
  [['worker']],
])('%j is refused beside them, with file, line and column', async (args) => {
  const cwd = await newFolder(BROKEN);
  const { code, stdout, stderr } = await runCli(undefined, args, { cwd });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(`OPTION_INVALID: ${cwd}/.goflow.yaml:2:1: \`reddis\` is no setting`);
});

test('exec --redis has its other settings from the environment, as every command', async () => {
  const place = newPlace();
  const [redisFlag = '', redis = ''] = flagsOf(place);
  const env = { GOFLOW_PREFIX: 'a{b' };
  const called = await runCli(undefined, ['exec', COMMANDS, redisFlag, redis], { env });
  expect(called).toMatchObject({ code: 2, stderr: expect.stringContaining('prefix') as string });
});
