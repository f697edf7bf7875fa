import { EventEmitter } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { Supervisor } from './supervisor.js';

/** Stands for a worker: its code is a word in a file; told to stop, it goes on until there is a file `end`. */
const PROGRAM = `
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
const code = readFileSync('code/handler.js', 'utf8');
if (code === 'broken') process.exit(78);
process.on('message', (message) => {
  if (message === 'go') {
    appendFileSync('began', code + '\\n');
    process.send('started');
  }
  if (message === 'stop') {
    appendFileSync('began', code + ' stops\\n');
    setInterval(() => existsSync('end') && process.exit(0), 20);
  }
});
process.on('disconnect', () => process.exit(0));
process.send('loaded', () => appendFileSync('loaded', code + '\\n'));
`;

/** A supervisor in this process, with workers in processes of their own. */
async function startSupervisor({ cwd = '.' } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'goflow-watch-'));
  const write = (file: string, text: string) => writeFile(join(folder, file), text);
  await mkdir(join(folder, 'code'));
  await write('program.mjs', PROGRAM);
  await write('code/handler.js', 'v1');
  await write('began', '');
  let said = '';
  let code: number | undefined;
  const host = Object.assign(new EventEmitter(), {
    argv: ['node', join(folder, 'program.mjs')],
    stderr: { write: (text: string) => (said += text) },
    exit: (given: number) => (code = given),
  });
  new Supervisor({
    args: [],
    env: process.env,
    cwd: join(folder, cwd),
    host: host as unknown as NodeJS.Process,
    folders: [join(folder, 'code')],
  }).start();
  onTestFinished(async () => {
    await write('end', '');
    host.emit('SIGTERM');
    await until(() => code !== undefined, { what: 'it to end' });
    await rm(folder, { recursive: true });
  });
  const says = (text: string) => until(() => said.includes(text), { what: `"${text}" in ${said}` });
  const read = () => readFile(join(folder, 'began'), 'utf8');
  const began = async (...words: string[]): Promise<void> => {
    const whole = words.map((word) => `${word}\n`).join('');
    await until(async () => (await read()).length >= whole.length, {
      what: `${words.join(', ')}: ${said}`,
    });
    expect(await read()).toBe(whole);
  };
  return { folder, write, says, began, said: () => said };
}

test('a bad save right after a good one: the good one runs when the old worker has ended', async () => {
  const { write, says, began, said } = await startSupervisor();
  await began('v1');
  await write('code/handler.js', 'v2');
  await began('v1', 'v1 stops');
  await write('code/handler.js', 'broken');
  await says('could not be loaded; the code before it is what runs next, until the next change');
  expect(said()).not.toContain('the old worker goes on');
  await write('end', '');
  await began('v1', 'v1 stops', 'v2');
});

test('two good saves in a row, while the old worker has not ended: the last one runs', async () => {
  const { folder, write, began } = await startSupervisor();
  await began('v1');
  await write('code/handler.js', 'v2');
  await began('v1', 'v1 stops');
  await write('code/handler.js', 'v3');
  const loaded = () => readFile(join(folder, 'loaded'), 'utf8');
  await until(async () => (await loaded()) === 'v1\nv2\nv3\n', { what: 'it to be loaded' });
  await write('end', '');
  await began('v1', 'v1 stops', 'v3');
});

test('a process that cannot be started is told, and tried again with the next change', async () => {
  const { folder, write, says } = await startSupervisor({ cwd: 'later' });
  await says('the new worker could not be started: spawn');
  await says('nothing runs, until the next change');
  await mkdir(join(folder, 'later/code'), { recursive: true });
  await write('later/code/handler.js', 'v1');
  await write('later/began', '');
  await write('code/handler.js', 'v2');
  await until(() => readFile(join(folder, 'later/began'), 'utf8'), { what: 'it to begin' });
  await write('later/end', '');
});
