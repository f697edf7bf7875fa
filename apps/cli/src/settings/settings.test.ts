import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readSettings } from './settings.js';

/** A folder with a folder in it, and a settings file with this text. */
async function folderWith(text: string) {
  const folder = await mkdtemp(join(tmpdir(), 'goflow-settings-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, '.goflow.yaml');
  await writeFile(path, text);
  const below = join(folder, 'a', 'b');
  await mkdir(below, { recursive: true });
  return { folder, below, path };
}

const none = { flags: {}, env: {} };

test('flags come first, then the environment, then the nearest file above', async () => {
  const { folder, below } = await folderWith(
    'redis: redis://file\nprefix: of-file\ntasks: ./tasks.js\ntimeout: 1500\n',
  );
  const file = await readSettings({ ...none, cwd: below });
  expect(file).toMatchObject({ redis: 'redis://file', prefix: 'of-file', timeout: '1500' });
  expect(file.tasks).toBe(join(folder, 'tasks.js'));
  const env = { REDIS_URL: 'redis://env', GOFLOW_PREFIX: '' };
  const both = await readSettings({ flags: { timeout: '2s' }, env, cwd: below });
  expect(both).toMatchObject({ redis: 'redis://env', prefix: 'of-file', timeout: '2s' });
  const flags = { redis: 'redis://flag' };
  expect((await readSettings({ flags, env, cwd: below })).redis).toBe('redis://flag');
});

test('without any: this machine’s Redis, which nobody named', async () => {
  const { below, path } = await folderWith('');
  const settings = await readSettings({ ...none, cwd: below });
  expect(settings).toMatchObject({ redis: 'redis://127.0.0.1:6379', file: path });
  expect(settings.isRedisGiven).toBe(false);
});

test.each([
  ['redis: [', ':1:9: '],
  ['prefix: a\nredis: "redis://x', ':2:'],
  ['prefix: a\nreddis: redis://x', ':2:1: `reddis` is no setting; known: redis, '],
  ['redis:\n  host: x', ':1:1: `redis` expects a text'],
  ['- redis', ':1:1: expected settings like'],
  ['prefix: a\nprefix: b', ':2:1: '],
])('a file that is wrong is told with its place: %j', async (text, message) => {
  const { below, path } = await folderWith(text);
  const error = await readSettings({ ...none, cwd: below }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'OPTION_INVALID' });
  expect(String((error as Error).message)).toContain(`${path}${message}`);
});

test('a file that was named must be there; a URL that is none is not quoted', async () => {
  const { below } = await folderWith('');
  const flags = { config: 'nowhere.yaml' };
  await expect(readSettings({ ...none, flags, cwd: below })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringContaining('nowhere.yaml'),
  });
  const wrong = readSettings({ ...none, flags: { redis: 'http://:secret@x' }, cwd: below });
  await expect(wrong).rejects.toMatchObject({ message: expect.not.stringContaining('secret') });
});
