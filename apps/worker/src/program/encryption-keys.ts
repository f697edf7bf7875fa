import { readFileSync } from 'node:fs';
import { type EncryptionOptions, GoflowError, resolveEncryption } from '@goflow/shared';

/**
 * Reads a file of keys: the option `encryption` as JSON, keys in base64. What is wrong with it is said without a word of what is in it.
 *
 * @throws OPTION_INVALID
 */
export function readEncryptionKeys(file: string): EncryptionOptions {
  const given = parsed(textOf(file), file);
  resolveEncryption(given);
  return given as EncryptionOptions;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new GoflowError('OPTION_INVALID', `${file} cannot be read`);
  }
}

/** Without the cause: it quotes the text. */
function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new GoflowError('OPTION_INVALID', `${file} is no JSON`);
  }
}
