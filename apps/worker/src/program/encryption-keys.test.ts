import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createCommand, readSettings } from './flags.js';

const NEEDED = { tasks: './tasks.js', handlers: './handlers' };
const KEY = randomBytes(32).toString('base64');
const GOOD = { keys: { k1: KEY }, current: 'k1' };

async function fileOf(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'goflow-keys-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, 'keys.json');
  await writeFile(file, text);
  return file;
}

test('the keys are read from a file: of the flag, else of the variable', async () => {
  const file = await fileOf(JSON.stringify(GOOD));
  const other = await fileOf(JSON.stringify({ ...GOOD, required: true }));
  const env = { GOFLOW_ENCRYPTION_KEYS_FILE: other };
  const command = createCommand('1.2.3').parse(['--encryption-keys', file], { from: 'user' });
  expect(readSettings({ ...NEEDED, ...command.opts() }, env).encryptionKeys).toEqual(GOOD);
  expect(readSettings(NEEDED, env).encryptionKeys).toEqual({ ...GOOD, required: true });
  expect(readSettings(NEEDED, {}).encryptionKeys).toBeUndefined();
});

test.each([
  ['no JSON', `{"keys": ${KEY}}`],
  ['cut', JSON.stringify(GOOD).slice(0, -4)],
  ['a key that is too short', JSON.stringify({ ...GOOD, keys: { k1: KEY.slice(4) } })],
  ['an unknown current', JSON.stringify({ ...GOOD, current: KEY })],
  ['nothing', ''],
  ['a list', JSON.stringify([KEY])],
])('a file that is wrong is refused, and no word of it is shown: %s', async (_what, text) => {
  const file = await fileOf(text);
  const refuse = () => readSettings({ ...NEEDED, encryptionKeys: file }, {});
  expect(refuse).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  expect(refuse).toThrow('--encryption-keys');
  expect(refuse).toThrow(/"keys"|`encryption/);
  try {
    refuse();
  } catch (error) {
    const { message, stack, cause } = error as Error;
    const shown = [message, stack, (cause as Error).message, (cause as Error).stack].join('\n');
    expect(shown).not.toContain(KEY.slice(4, 16));
  }
});
