import { chmod, mkdir, mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readSettings } from './settings.js';
import { checkTrusted, whyNotTrusted } from './trusted-file.js';

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
  expect(file).toMatchObject({ redis: 'redis://file', prefix: 'of-file', timeout: 1_500 });
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

test.each([
  ['redis', 'http://x'],
  ['prefix', 'a b'],
  ['timeout', 'x'],
])('a %s that is none is told with where it was said', async (name, value) => {
  const { below, path } = await folderWith(`${name}: ${value}`);
  const [flag, variable] = {
    redis: ['--redis <url>', 'REDIS_URL'],
    prefix: ['--prefix <name>', 'GOFLOW_PREFIX'],
    timeout: ['--timeout <duration>', 'GOFLOW_TIMEOUT'],
  }[name] as [string, string];
  const env = { [variable]: value };
  for (const [source, given] of [
    [path, none],
    [variable, { ...none, env }],
    [flag, { env, flags: { [name]: value } }],
  ] as const)
    await expect(readSettings({ ...given, cwd: below })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(`${source}: Expected \`${name}\` to be `),
    });
});

// Windows has no such rights.
const onUnix = test.skipIf(process.platform === 'win32');

onUnix.each([
  { what: 'a file that every user may write to', file: 0o646, folder: 0o755 },
  { what: 'a file in a folder where every user may replace it', file: 0o644, folder: 0o777 },
])('$what is refused where it was found, and read where it was named', async (modes) => {
  const { folder, below, path } = await folderWith('prefix: of-file\n');
  await chmod(path, modes.file);
  await chmod(folder, modes.folder);
  await expect(readSettings({ ...none, cwd: below })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringContaining(`${path} was found, and is not read: every user may`),
  });
  const named = await readSettings({ ...none, flags: { config: path }, cwd: below });
  expect(named.prefix).toBe('of-file');
  const nothing = await readSettings({ ...none, flags: { config: '/dev/null' }, cwd: below });
  expect(nothing.prefix).toBeUndefined();
});

onUnix('a file of another user is refused, and a link that leads nowhere', async () => {
  const { below, path } = await folderWith('');
  await using file = await open(path);
  const { uid } = await file.stat();
  await checkTrusted(path, file, uid);
  const strange = checkTrusted(path, file, uid + 1).then(() => 'read');
  // What is root's is everybody's.
  if (uid === 0) expect(await strange).toBe('read');
  else await expect(strange).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  await symlink(join(below, 'nowhere'), join(below, '.goflow.yaml'));
  await expect(readSettings({ ...none, cwd: below })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
});

test('whose file is trusted: the user’s own and root’s, with a private group at most', () => {
  const mine = { uid: 1_000, gid: 1_000, mode: 0o100_644 };
  const all = { found: mine, link: mine, folder: mine };
  expect(whyNotTrusted(all, 1_000)).toBeUndefined();
  expect(whyNotTrusted({ ...all, found: { ...mine, uid: 0 } }, 1_000)).toBeUndefined();
  expect(whyNotTrusted({ ...all, found: { ...mine, mode: 0o664 } }, 1_000)).toBeUndefined();
  expect(whyNotTrusted({ ...all, folder: { ...mine, uid: 0, mode: 0o1777 } }, 1_000)).toBe(
    undefined,
  );
  const group = { ...mine, gid: 100, mode: 0o664 };
  expect(whyNotTrusted({ ...all, found: group }, 1_000)).toBe('its group (100) may write to it');
  const other = { ...mine, uid: 1_001 };
  for (const given of [{ found: other }, { link: other }])
    expect(whyNotTrusted({ ...all, ...given }, 1_000)).toBe('it belongs to another user (1001)');
  // Root itself trusts root only.
  expect(whyNotTrusted(all, 0)).toBe('it belongs to another user (1000)');
});
