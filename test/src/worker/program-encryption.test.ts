import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGoflow } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { tasks } from '../fixtures/tasks.mjs';
import { runWorkerIn, urlOf } from '../support/program.js';
import { newPlace } from '../support/redis.js';

const key = randomBytes(32).toString('base64');

async function fileOf(given: object): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'goflow-keys-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const file = join(dir, 'keys.json');
  await writeFile(file, JSON.stringify(given));
  return file;
}

test('goflow-worker hands back what it has no key for, and runs it with the keys of a file', async () => {
  const place = newPlace();
  const encryption = { keys: { k1: key }, current: 'k1' };
  const goflow = createGoflow({ tasks, ...place, encryption });
  onTestFinished(() => goflow.close());
  const without = runWorkerIn(place);
  await urlOf(without);
  const id = await goflow.push('echo', 'secret');
  await without.line(/"reason":"key-missing"/);
  expect(await goflow.status(id)).toMatchObject({ attempts: 0 });
  await without.stop();
  const program = runWorkerIn(place, ['--encryption-keys', await fileOf(encryption)]);
  await urlOf(program);
  expect(await goflow.wait(id)).toBe('secret');
  await program.stop();
  for (const { stdout, stderr } of [without, program]) {
    expect(stdout + stderr).not.toContain('secret');
    expect(stdout + stderr).not.toContain(key);
  }
});

test('a file that is wrong is named, and nothing in it is shown', async () => {
  const file = await fileOf({ keys: { k1: key.slice(4) }, current: 'k1' });
  const program = runWorkerIn(newPlace(), [], { GOFLOW_ENCRYPTION_KEYS_FILE: file });
  expect(await program.exited).toEqual({ code: 2, signal: null });
  await until(() => program.stderr.includes('GOFLOW_ENCRYPTION_KEYS_FILE'), { what: 'it' });
  expect(program.stderr).toContain('OPTION_INVALID');
  expect(program.stdout + program.stderr).not.toContain(key.slice(4, 20));
});
