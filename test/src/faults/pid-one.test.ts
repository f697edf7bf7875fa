import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { HANDLERS_DIR, PROGRAM, TASKS_FILE } from '../support/program.js';
import { newPlace } from '../support/redis.js';

/** Makes its program the first of a process namespace, as a container does. */
const UNSHARE = ['--pid', '--fork', '--kill-child'];
const canUnshare = spawnSync('unshare', [...UNSHARE, 'true']).status === 0;

/** The only child of a process. */
function childOf({ pid = 0 }: ChildProcess): number {
  const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return Number(child);
}

test.skipIf(!canUnshare).each(['SIGTERM', 'SIGINT'] as const)(
  'as process 1, where signals are ignored by default, a worker stops in order on %s',
  async (signal) => {
    const place = newPlace();
    const flags = ['--tasks', TASKS_FILE, '--handlers', HANDLERS_DIR, '--redis', place.redis];
    const all = [...UNSHARE, process.execPath, PROGRAM, ...flags, '--prefix', place.prefix];
    const unshare = spawn('unshare', all, { stdio: ['ignore', 'pipe', 'pipe'] });
    const exited = once(unshare, 'exit');
    onTestFinished(async () => {
      unshare.kill('SIGKILL');
      await exited;
    });
    let output = '';
    unshare.stdout.on('data', (chunk: Buffer) => (output += String(chunk)));
    await until(() => output.includes('worker started'), { what: 'the worker to start' });
    expect(readFileSync(`/proc/${childOf(unshare)}/status`, 'utf8')).toMatch(/^NSpid:.*\t1$/m);
    process.kill(childOf(unshare), signal);
    expect(await exited).toEqual([0, null]);
    expect(output).toContain('worker stopped');
  },
);
