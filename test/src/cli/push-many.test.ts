import { spawn } from 'node:child_process';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { newLonelyPlace, newPlace } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { flagsOf, GOFLOW, runCli, runInTerminal } from './cli.js';
import { newFolder } from './folder.js';
import { SHOP_TASKS, startShop } from './shop.js';
import { tasks } from './shop-tasks.mjs';

const LINES = 20_000;
const MANY = Array.from({ length: LINES }, (_, at) => `"line ${at + 1}"\n`).join('');

test('20,000 lines become 20,000 tasks, in their order, with an id for each', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const { code, stdout, stderr } = await runCli(place, ['push', 'echo', '--many'], { stdin: MANY });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const ids = stdout.trim().split('\n');
  expect(new Set(ids).size).toBe(LINES);
  expect((await goflow.counts()).waiting).toBe(LINES);
  const [first, last] = await Promise.all(
    [ids[0] ?? '', ids[LINES - 1] ?? ''].map((id) => goflow.inspector.get(id)),
  );
  expect([first?.payload, last?.payload]).toEqual(['line 1', `line ${LINES}`]);
});

test('with --wait each outcome is a line of JSON; 1 when one did not complete', async () => {
  const { place } = await startShop();
  const folder = await newFolder({ 'lines.jsonl': MANY, 'some.jsonl': '"a"\n\n"b"\n' });
  const options = { cwd: folder };
  const [all, bad] = await Promise.all([
    runCli(
      place,
      ['push', 'echo', '--many', '--file', 'lines.jsonl', '--chunk', '100', '--wait'],
      options,
    ),
    runCli(place, ['push', 'fail', '--many', '--file', 'some.jsonl', '--wait', '1m'], options),
  ]);
  expect(all).toMatchObject({ code: 0, stderr: '' });
  const outcomes = linesOf(all.stdout);
  expect(outcomes).toHaveLength(LINES);
  expect(new Set(outcomes.map(({ line }) => line)).size).toBe(LINES);
  for (const { line, status, value } of outcomes)
    expect({ status, value }).toEqual({ status: 'completed', value: `line ${String(line)}` });
  expect(bad).toMatchObject({ code: 1, stderr: '2 of 2 tasks did not complete\n' });
  const ended = linesOf(bad.stdout).map(({ line, status }) => [line, status]);
  expect(new Map(ended as [number, string][])).toEqual(
    new Map([
      [1, 'failed'],
      [3, 'failed'],
    ]),
  );
});

test.each([
  {
    what: 'no JSON',
    stdin: '"a"\n"b"\nbroken\n"d"\n',
    why: 'invalid JSON in stdin, line 3, column 1',
    pushed: 2,
  },
  {
    what: 'refused by the contract',
    stdin: '"a"\n\n5\n"d"\n',
    why: 'PAYLOAD_INVALID: stdin, line 3: payload of fail',
    pushed: 1,
  },
])(
  'a line that is $what is named; those before it are pushed, those behind it are not',
  async ({ stdin, why, pushed }) => {
    const place = newPlace();
    const goflow = openClient(tasks, place);
    const { code, stdout, stderr } = await runCli(
      place,
      ['push', 'fail', '--many', '--tasks', SHOP_TASKS],
      { stdin },
    );
    expect(code).toBe(2);
    expect(stderr).toContain(why);
    expect(stderr).toContain(`(${pushed} task${pushed === 1 ? '' : 's'} pushed)`);
    expect(stdout.trim().split('\n')).toHaveLength(pushed);
    expect((await goflow.counts()).waiting).toBe(pushed);
  },
);

test('with --wait, too: what was pushed before a broken line is told', async () => {
  const { place } = await startShop();
  const called = await runCli(place, ['push', 'echo', '--many', '--wait'], {
    stdin: '1\n2\n{\n4\n',
  });
  expect(called.code).toBe(2);
  expect(called.stderr).toContain('invalid JSON in stdin, line 3, column 2');
  // Told as they end.
  const told = linesOf(called.stdout).map(({ line, value }) => `line ${line}: ${value}`);
  expect(told.toSorted()).toEqual(['line 1: 1', 'line 2: 2']);
});

test('Ctrl-C with --wait says how many were pushed, and that they go on', async () => {
  const place = newPlace();
  const args = ['push', 'echo', '--many', '--wait', ...flagsOf(place)];
  const child = spawn(process.execPath, [GOFLOW, ...args]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let said = '';
  child.stderr.on('data', (text) => (said += String(text)));
  child.stdin.write('1\n2\n3\n');
  const goflow = openClient(tasks, place);
  await until(async () => (await goflow.counts()).waiting === 3, { what: 'three tasks' });
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(said).toContain('interrupted; the tasks that were pushed go on');
  expect(said).toContain('(3 tasks pushed, 0 of them ended)');
  expect(said).toContain('held up: no live worker has a handler of this type: it waits for one\n');
});

test('lines that come slowly are pushed as they come, and Redis going away names the line that was not', async () => {
  const place = await newLonelyPlace();
  const args = [GOFLOW, 'push', 'echo', '--many', '--timeout', '500ms', ...flagsOf(place)];
  const child = spawn(process.execPath, args);
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const said = { out: '', err: '' };
  child.stdout.on('data', (text) => (said.out += String(text)));
  child.stderr.on('data', (text) => (said.err += String(text)));
  child.stdin.write('"first"\n');
  await until(() => said.out.includes('default:'), { what: 'the id of the first line' });
  await new Promise<void>((resolve) => {
    spawn('redis-cli', ['-u', place.redis, 'shutdown', 'nosave']).on('close', () => resolve());
  });
  child.stdin.end('"second"\n');
  expect(await ended).toBe(3);
  expect(said.err).toContain('stdin: not pushed: lines 2');
  expect(said.err).toContain('(1 task pushed)');
});

test('a reader that has had enough ends it quietly', async () => {
  const place = newPlace();
  const folder = await newFolder({ 'lines.jsonl': MANY });
  const line = `'${process.execPath}' '${GOFLOW}' push echo --many --file lines.jsonl ${flagsOf(place).join(' ')} | head -1`;
  const child = spawn('sh', ['-c', line], { cwd: folder });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { out: '', err: '' };
  child.stdout.on('data', (text) => (said.out += String(text)));
  child.stderr.on('data', (text) => (said.err += String(text)));
  await new Promise((resolve) => child.on('close', resolve));
  expect(said.out).toMatch(/^default:[\w-]{22}\n$/);
  expect(said.err).not.toMatch(/EPIPE|Error| {4}at /);
});

test('on a terminal stderr tells how far it is, within its width', async () => {
  const place = newPlace();
  const folder = await newFolder({ 'lines.jsonl': '"a line"\n'.repeat(3_000) });
  const { code, stdout } = await runInTerminal(
    place,
    ['push', 'echo', '--many', '--file', 'lines.jsonl'],
    { cwd: folder, columns: 40, env: { NO_COLOR: '1' } },
  );
  expect(code).toBe(0);
  const told = stdout.split('\r\u001b[K').map((text) => text.split('\r')[0] ?? '');
  const progress = told.filter((text) => text.includes('/s'));
  expect(progress[0]).toMatch(/^[\d,]+ pushed {2}[\d,]+\/s {2,}\d+% \[/);
  for (const text of progress) expect(text.length).toBeLessThan(40);
  expect(stdout).toMatch(/[\d,]+ pushed\r\n$/);
});

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
