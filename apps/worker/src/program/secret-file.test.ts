import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { readSettings } from './flags.js';

const NEEDED = { tasks: './tasks.js', handlers: './handlers' };
const SECRET = randomBytes(32).toString('base64');

/** The message, and all that a log could show: causes, too. */
function refusalOf(flags: Readonly<Record<string, string>>, env: Readonly<Record<string, string>>) {
  try {
    readSettings({ ...NEEDED, ...flags }, env);
  } catch (error) {
    return { message: (error as Error).message, shown: inspect(error, { depth: 10 }) };
  }
  throw new Error('it was not refused');
}

const VARIABLES = ['GOFLOW_ENCRYPTION_KEYS_FILE', 'GOFLOW_TOKEN_FILE', 'GOFLOW_READ_TOKEN_FILE'];

/** What may stand where the name of a file belongs, and what the system says to that. */
const SECRETS = [
  ['the secret', SECRET, 'ENOENT'],
  ['many keys', SECRET.repeat(200), 'ENAMETOOLONG'],
  ['the text of a file', JSON.stringify({ keys: { k1: SECRET }, current: 'k1' }), 'ENOENT'],
  ['a zero byte', `${SECRET}\0`, 'ERR_INVALID_ARG_VALUE'],
] as const;

for (const [what, secret, errno] of SECRETS) {
  test.each(VARIABLES)(`a secret in place of a file name is not shown: ${what} in %s`, (name) => {
    const { message, shown } = refusalOf({}, { [name]: secret });
    expect(message).toBe(`${name}: the file that it names cannot be read (${errno})`);
    expect(shown).not.toContain(SECRET.slice(0, 12));
  });

  test(`nor in --encryption-keys: ${what}`, () => {
    const { message, shown } = refusalOf({ encryptionKeys: secret }, {});
    expect(message).toBe(
      `--encryption-keys <file>: the file that it names cannot be read (${errno})`,
    );
    expect(shown).not.toContain(SECRET.slice(0, 12));
  });
}

test.each(VARIABLES)('a file that is not there, or is a directory, is told: %s', (name) => {
  const missing = refusalOf({}, { [name]: join(tmpdir(), 'goflow-no-such-file') });
  expect(missing.message).toBe(`${name}: the file that it names cannot be read (ENOENT)`);
  expect(refusalOf({}, { [name]: tmpdir() }).message).toContain('(EISDIR)');
});
