import { GoflowError } from '@goflow/shared';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { createExecHandler, type ExecHandlerOptions } from './exec-handler.js';

const NODE = process.execPath;
const FOREVER = 'setInterval(() => {}, 1000)';

const handle = (command: object, options: Partial<ExecHandlerOptions> = {}, signal = never()) =>
  createExecHandler({ allow: [NODE, 'node'], env: process.env, ...options })(
    { identifier: 'a', command: NODE, ...command },
    { signal },
  );

const never = (): AbortSignal => new AbortController().signal;
const refused = (why: string) => ({
  identifier: 'a',
  exit_code: 126,
  result_body: '',
  error: `this worker does not ${why}`,
});

test('what is allowed runs: by name as PATH has it, by path as it is', async () => {
  for (const command of [NODE, 'node'])
    expect(await handle({ command, args: ['-p', '1+1'] })).toMatchObject({ result_body: '2\n' });
});

test.each(['sh', '/bin/node', '/bin/sh', `${NODE}/../node`, './node', 'NODE', 'node '])(
  'what is not allowed is answered with 126 and is not run: %j',
  async (command) => {
    expect(await handle({ command })).toEqual(refused(`allow the program ${command}`));
  },
);

test('a name allows no path, and a path no name', async () => {
  expect(await handle({ command: 'node' }, { allow: [NODE] })).toMatchObject({ exit_code: 126 });
  expect(await handle({ command: NODE }, { allow: ['node'] })).toMatchObject({ exit_code: 126 });
});

test('of the worker’s environment little is passed on, and commands cannot change what is run', async () => {
  const args = ['-p', 'JSON.stringify(process.env)'];
  const env = { PATH: process.env.PATH, HOME: '/h', REDIS_URL: 'redis://:secret@a' };
  const { result_body } = await handle({ args, env: { MINE: '1' } }, { env, allowEnv: ['MINE'] });
  expect(JSON.parse(result_body)).toEqual({ PATH: env.PATH, HOME: '/h', MINE: '1' });
  const injecting = { args, env: { NODE_OPTIONS: '--no-deprecation' } };
  expect(await handle(injecting)).toEqual(refused('let commands set NODE_OPTIONS'));
  for (const allowEnv of [['NODE_OPTIONS'], ['*']])
    expect(await handle(injecting, { allowEnv })).toMatchObject({ exit_code: 0 });
  expect(await handle({ args, env: { MINE: '1' } })).toEqual(refused('let commands set MINE'));
});

test('ended from outside, it has no result: the task is cancelled, or another worker’s', async () => {
  for (const code of ['TASK_CANCELLED', 'INTERNAL'] as const) {
    const stop = new AbortController();
    const reason = new GoflowError(code, 'enough');
    setTimeout(() => stop.abort(reason), 200);
    await expect(handle({ args: ['-e', FOREVER] }, {}, stop.signal)).rejects.toBe(reason);
  }
});

test('one that had ended when the worker was told to leave keeps its result: it is not to run twice', async () => {
  const stop = new AbortController();
  // What it leaves behind holds its output open for a while.
  const command = { command: 'sh', args: ['-c', 'echo done; sleep 30 &'] };
  const running = handle(command, { allow: ['sh'] }, stop.signal);
  setTimeout(() => stop.abort(new GoflowError('INTERNAL', 'the worker stops')), 400);
  expect(await running).toMatchObject({ exit_code: 0, result_body: 'done\n' });
});

test('one that ignores SIGTERM does not hold up a worker that leaves', async () => {
  const stop = new AbortController();
  const command = { command: 'sh', args: ['-c', 'trap "" TERM; while :; do sleep 0.1; done'] };
  const running = handle(command, { allow: ['sh'] }, stop.signal).catch((error: unknown) => error);
  setTimeout(() => stop.abort(new GoflowError('INTERNAL', 'the worker stops')), 300);
  let isOver = false;
  void running.then(() => {
    isOver = true;
  });
  await until(() => isOver, { what: 'it is over', timeoutMs: 3_000 });
});

test.each([
  ['plain', 'x', 600_000],
  ['that JSON writes six times as long', '\u0001', 400_000],
  ['of characters in pairs', '🙂', 300_000],
])('a result fits the limit of its worker: output %s', async (_what, piece, times) => {
  const source = `const text = ${JSON.stringify(piece)}.repeat(${times});
    process.stdout.write(text); process.stderr.write(text);`;
  const result = await handle({ args: ['-e', source] }, { resultLimit: 100_000 });
  const json = JSON.stringify(result);
  expect(Buffer.byteLength(json)).toBeLessThanOrEqual(100_000);
  expect(json.length).toBeGreaterThan(30_000);
  expect(json).not.toMatch(/\\ud[89a-f]/);
  expect(result).toMatchObject({ exit_code: 0, truncated: true });
  for (const text of [result.result_body, result.stderr])
    expect(text).toMatch(/\n\[goflow: cut after \d+ of \d+ bytes\]$/);
});

test('cut twice, the mark still tells how much the command wrote; a limit below every result ends, too', async () => {
  const source = 'process.stdout.write("x".repeat(3e6)); process.stderr.write("é".repeat(10))';
  const { result_body, stderr } = await handle({ args: ['-e', source] });
  expect(result_body).toMatch(/^x+\n\[goflow: cut after \d+ of 3000000 bytes\]$/);
  expect(stderr).toMatch(/^é+\n\[goflow: cut after \d+ of 20 bytes\]$/);
  const least = await handle({ args: ['-e', source] }, { resultLimit: 10 });
  expect(least.result_body).toBe('\n[goflow: cut after 0 of 3000000 bytes]');
});
