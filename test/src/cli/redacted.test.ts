import { fileURLToPath } from 'node:url';
import { defineTasks } from '@goflow/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { newPlace } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { tasks } from './card-tasks.mjs';
import { runCli } from './cli.js';

const TASKS = fileURLToPath(new URL('card-tasks.mjs', import.meta.url));
const CARD = { card: { number: 'canary-4111', month: 7 }, password: 'canary-word' };

test('what a contract redacts is not shown, in words and in JSON, unless it is asked for', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const id = await goflow.push('card.charge', CARD);
  const show = (...flags: string[]) =>
    runCli(place, ['show', id, '--tasks', TASKS, ...flags]).then(({ stdout }) => stdout);
  const [words, json, revealed] = await Promise.all([
    show(),
    show('--json'),
    show('--json', '--reveal'),
  ]);
  expect(words).not.toContain('canary');
  expect(words).toContain('"number": "[redacted]"');
  expect(JSON.parse(json)).toMatchObject({
    payload: { card: { number: '[redacted]', month: 7 }, password: '[redacted]' },
  });
  expect(JSON.parse(revealed)).toMatchObject({ payload: CARD });
  expect((await goflow.inspector.get(id))?.payload).toEqual(CARD);
});

test('what the environment of a command holds is never shown unasked', async () => {
  const place = newPlace();
  const exec = { payload: z.any(), result: z.any(), queue: 'exec' };
  const goflow = openClient(defineTasks({ exec }), place);
  const command = { identifier: 'a', command: 'true', env: { TOKEN: 'canary-token' } };
  const id = await goflow.push('exec', command);
  const { stdout } = await runCli(place, ['show', id, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    payload: { ...command, env: { TOKEN: '[redacted]' } },
  });
});
