import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createGoflow, defineTasks } from '@goflow/sdk';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { ask } from '../support/http.js';
import { HANDLERS_DIR, TASKS_FILE } from '../support/program.js';
import { newPlace } from '../support/redis.js';

// What the image is: a user without rights, in a folder that it cannot write into.

const PROGRAM = fileURLToPath(new URL('main.js', import.meta.resolve('@goflow/worker')));
/** Nobody, on every Linux. */
const NOBODY = 65_534;
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

/** The first match in what a program writes. */
async function saysOf(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    const [, found] = pattern.exec(text) ?? [];
    if (found !== undefined) return found;
  }
  throw new Error(`it ended: ${text}`);
}

test.skipIf(!isRoot)(
  'a worker runs as nobody, with no home, where it can write nothing',
  async () => {
    const { redis, prefix } = newPlace();
    const flags = ['--tasks', TASKS_FILE, '--handlers', HANDLERS_DIR, '--prefix', prefix];
    const child = spawn(process.execPath, [PROGRAM, ...flags, '--port', '0'], {
      cwd: '/',
      uid: NOBODY,
      gid: NOBODY,
      env: {
        PATH: process.env.PATH,
        HOME: '/nonexistent',
        TMPDIR: '/nonexistent',
        REDIS_URL: redis,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const url = await saysOf(child, /"url":"(http:[^"]+)"/);
    const tasks = defineTasks({ echo: { payload: z.string(), result: z.string() } });
    const goflow = createGoflow({ tasks, redis, prefix });
    onTestFinished(() => goflow.close());
    expect(await goflow.wait(await goflow.push('echo', 'well'), { timeout: '15s' })).toBe('well');
    expect((await ask(`${url}/readyz`)).status).toBe(200);
    child.kill('SIGTERM');
    child.stdout?.resume();
    expect(await once(child, 'exit')).toEqual([0, null]);
  },
);
