import { type EncryptionOptions, GoflowError, resolveEncryption } from '@goflow/shared';
import { readSecretFile } from './secret-file.js';

/**
 * Reads a file of keys: the option `encryption` as JSON, keys in base64. What is wrong with it is said without a word of what is in it.
 *
 * @throws OPTION_INVALID
 */
export function readEncryptionKeys(file: string): EncryptionOptions {
  const given = parsed(readSecretFile(file), file);
  resolveEncryption(given);
  return given as EncryptionOptions;
}

const SHAPE = '{"keys":{"<key id>":"<base64 of 32 bytes>"},"current":"<key id>"}';

/** Without the cause: it quotes the text. The file is there, so that its name may be shown. */
function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new GoflowError('OPTION_INVALID', `${file} is no JSON: expected ${SHAPE}`);
  }
}
