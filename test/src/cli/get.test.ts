import { expect, test } from 'vitest';
import { newPlace } from '../support/redis.js';
import { runCli, runInTerminal } from './cli.js';

test('get: an id that nobody knows is told, in words and in JSON, and ends with 4', async () => {
  const place = newPlace();
  const id = `default:${'A'.repeat(22)}`;
  expect(await runCli(place, ['get', id])).toMatchObject({
    code: 4,
    stdout: 'unknown\n',
    stderr: '',
  });
  const { code, stdout } = await runCli(place, ['get', id, '--json']);
  expect(code).toBe(4);
  expect(JSON.parse(stdout)).toEqual({ id, status: 'unknown' });
  expect((await runCli(place, ['get', 'foo'])).stderr).toBe(
    "unknown: foo (that is no id of goflow's, QUEUE:…)\n",
  );
});

test('a command that nobody knows: what was meant, and 2', async () => {
  const { code, stderr } = await runCli(undefined, ['gte']);
  expect(code).toBe(2);
  expect(stderr).toContain('Did you mean get?');
  expect(await runInTerminal(undefined, ['gte'])).toMatchObject({ code: 2 });
});
