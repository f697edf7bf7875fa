import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newPlace } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { runCli } from './cli.js';
import { newFolder } from './folder.js';
import { SHOP_TASKS, startShop } from './shop.js';
import { tasks } from './shop-tasks.mjs';

const ID = /^default:[\w-]{22}\n$/;

test('push prints the id and nothing else; --wait prints the result, and ends with 1 where there is none', async () => {
  const { place, goflow } = await startShop();
  const [plain, json, waited, document, failed, failedJson] = await Promise.all([
    runCli(place, ['push', 'echo', '"hello"']),
    runCli(place, ['push', 'echo', '{"a":[1,null]}', '--json']),
    runCli(place, ['push', 'echo', '{"a":"ä"}', '--wait']),
    runCli(place, ['push', 'echo', 'null', '--wait', '20s', '--json']),
    runCli(place, ['push', 'fail', '"broken"', '--wait']),
    runCli(place, ['push', 'fail', '"broken"', '--wait', '--json']),
  ]);
  expect(plain).toMatchObject({ code: 0, stdout: expect.stringMatching(ID) as string, stderr: '' });
  expect(await goflow.wait(plain.stdout.trim())).toBe('hello');
  const { id } = JSON.parse(json.stdout) as { id: string };
  expect(JSON.parse(json.stdout)).toEqual({ id, deduplicated: false });
  expect(await goflow.wait(id)).toEqual({ a: [1, null] });
  expect(waited).toEqual({ code: 0, stdout: '{\n  "a": "ä"\n}\n', stderr: '' });
  expect(document.code).toBe(0);
  expect(JSON.parse(document.stdout)).toMatchObject({
    type: 'echo',
    status: 'completed',
    value: null,
    deduplicated: false,
  });
  expect(failed).toMatchObject({ code: 1, stdout: '' });
  expect(failed.stderr).toContain('failed after 1 attempt: TypeError: broken');
  expect(failedJson.code).toBe(1);
  expect(JSON.parse(failedJson.stdout)).toMatchObject({
    status: 'failed',
    failure: { name: 'TypeError', message: 'broken' },
  });
});

test('a payload comes from a file, and from stdin', async () => {
  const { place, goflow } = await startShop();
  const folder = await newFolder({ 'payload.json': '{\n  "from": "file"\n}\n' });
  const [file, stdin] = await Promise.all([
    runCli(place, ['push', 'echo', '--file', 'payload.json'], { cwd: folder }),
    runCli(place, ['push', 'echo', '-'], { stdin: '"from stdin"' }),
  ]);
  expect(await goflow.wait(file.stdout.trim())).toEqual({ from: 'file' });
  expect(await goflow.wait(stdin.stdout.trim())).toBe('from stdin');
});

test('every option of a push has a flag, and a second push of one id says that it added none', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const line = ['push', 'echo', '1', '--queue', 'other', '--delay', '1h', '--priority', '7'];
  const more = ['--max-attempts', '5', '--backoff', 'exponential:2s', '--task-timeout', '3s'];
  const times = ['--deadline', '2h', '--start-by', '90m', '--tag', 'eu', '--tag', 'night'];
  const kept = ['--retention-completed', '1m', '--retention-failed', '2m', '--id', 'mine'];
  const first = await runCli(place, [...line, ...more, ...times, ...kept]);
  const id = first.stdout.trim();
  expect(await goflow.inspector.get(id)).toMatchObject({
    queue: 'other',
    status: 'delayed',
    priority: 7,
    tags: ['eu', 'night'],
    options: {
      maxAttempts: 5,
      backoff: { type: 'exponential', delayMs: 2_000 },
      timeoutMs: 3_000,
      retention: { completedMs: 60_000, failedMs: 120_000 },
      startBy: expect.any(Date) as Date,
      deadline: expect.any(Date) as Date,
    },
  });
  const [again, keyed, far] = await Promise.all([
    runCli(place, [...line, '--id', 'mine']),
    runCli(place, ['push', 'echo', '1', '--deduplication-key', 'k', '--throttle', '1h', '--json']),
    runCli(place, ['push', 'echo', '1', '--run-at', '2100-01-01']),
  ]);
  expect(again).toMatchObject({ code: 0, stdout: `${id}\n` });
  expect(again.stderr).toContain('the task was there before');
  expect(JSON.parse(keyed.stdout)).toMatchObject({ deduplicated: false });
  expect(far).toMatchObject({ code: 2, stdout: '' });
  expect(far.stderr).toContain('at most 366 days from now');
});

test('with --tasks the contract checks the payload and gives the queue; a type that it has not is told with what was meant', async () => {
  const { place } = await startShop();
  const line = ['push', '--tasks', SHOP_TASKS];
  const [sent, wrong, unknown, queue] = await Promise.all([
    runCli(place, [...line, 'email.send', '{"to":"a@example.com"}', '--wait']),
    runCli(place, [...line, 'email.send', '{"to":1}']),
    runCli(place, [...line, 'emial.send', '{}', '--json']),
    runCli(place, [...line, 'email.send', '{"to":"a"}', '--queue', 'other']),
  ]);
  expect(sent).toEqual({ code: 0, stdout: 'null\n', stderr: '' });
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toMatch(/^goflow: PAYLOAD_INVALID: payload of email\.send: to: /);
  expect(unknown.code).toBe(2);
  expect(JSON.parse(unknown.stderr)).toEqual({
    error: {
      code: 'TASK_TYPE_UNKNOWN',
      message: '--tasks has no task type "emial.send"; did you mean email.send?',
    },
  });
  expect(queue).toMatchObject({ code: 2 });
  expect(queue.stderr).toContain('the contract of email.send says mail');
});

test('a module of contracts in TypeScript is loaded where Node can, or the cure is told', async () => {
  const folder = await newFolder(
    { 'tasks.ts': `import type {} from 'zod';\nexport { tasks } from '${SHOP_TASKS}';\n` },
    ['zod'],
  );
  const line = ['push', 'echo', '1', '--tasks', join(folder, 'tasks.ts')];
  const { code, stderr } = await runCli(newPlace(), line);
  if (code === 0) return;
  expect(code).toBe(2);
  expect(stderr).toMatch(/tsx|compile/);
});

test('a payload that is no JSON: line, column, the place, and what to do', async () => {
  const called = await runCli(undefined, ['push', 'echo', '{"a":1,\n "b": tru}']);
  const message =
    'goflow: OPTION_INVALID: invalid JSON in PAYLOAD, line 2, column 7: expected a value';
  expect(called).toEqual({ code: 2, stdout: '', stderr: `${message}\n   "b": tru}\n        ^\n` });
});

test.each([
  [['echo'], 'Expected a PAYLOAD'],
  [['echo', '--file', 'nowhere.json'], 'nowhere.json cannot be read'],
  [['echo', '1', '--max-attempts', 'many'], '`--max-attempts` to be an integer from 1 to 1,000'],
  [['echo', '1', '--chunk', '2'], '`--chunk` to be left out without --many'],
  [['echo', '--many', '--id', 'x'], 'all lines would be one task'],
  [['echo', '1', '--tasks', 'nowhere.mjs'], 'nowhere.mjs cannot be loaded'],
  [['echo', '1', '--encryption-keys', 'nowhere.json'], '--encryption-keys: '],
])('push %j is refused before Redis is asked: %s', async (line, why) => {
  const { code, stdout, stderr } = await runCli(undefined, ['push', ...line]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(why);
});

test('with keys what is pushed lies encrypted, and can be read; without them it cannot', async () => {
  const place = newPlace();
  const folder = await newFolder({});
  const keys = join(folder, 'keys.json');
  const key = Buffer.alloc(32, 7).toString('base64');
  await writeFile(keys, JSON.stringify({ keys: { k1: key }, current: 'k1' }));
  const pushed = await runCli(place, ['push', 'echo', '"secret"', '--encryption-keys', keys]);
  const id = pushed.stdout.trim();
  const [read, blind] = await Promise.all([
    runCli(place, ['show', id, '--json', '--encryption-keys', keys]),
    runCli(place, ['show', id, '--json']),
  ]);
  expect(JSON.parse(read.stdout)).toMatchObject({ payload: 'secret' });
  expect(blind.stdout + blind.stderr).not.toContain('secret');
});
