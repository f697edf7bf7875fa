import { GoflowError } from '../errors/goflow-error.js';
import { Cipher } from '../wire/cipher.js';

/** Keys that payloads, results, failures, progress and log lines are encrypted with, where they are stored. */
export interface EncryptionOptions {
  /**
   * 1 to 100 keys by id, to read with: 32 bytes each, not all of them zero, or base64 of them without a line break. A key id is 1 to 32 of `a` to `z`, `0` to `9`, `_` and `-`; it is
   * stored in the clear.
   */
  readonly keys: Readonly<Record<string, Uint8Array | string>>;
  /** The id of the key to encrypt with; `null` encrypts nothing, and only reads. */
  readonly current: string | null;
  /** Workers refuse payloads that are not encrypted: they become dead letters (ENVELOPE_UNREADABLE). @default false */
  readonly required?: boolean | undefined;
}

const KEY_ID = /^[a-z0-9_-]{1,32}$/;
const MAX_KEYS = 100;
const KEY_BYTES = 32;
const BASE64 = /^[A-Za-z0-9+/]{43}=?$/;

/** The option `encryption`. What is refused is never shown: it may be a key in the wrong place. @throws OPTION_INVALID */
export function resolveEncryption(given: unknown): Cipher | undefined {
  if (given === undefined) return undefined;
  const { keys: named, current, required = false, ...others } = asObject('encryption', given);
  if (Object.keys(others).length > 0)
    throw refused('encryption', 'made of keys, current and required');
  const keys = keysOf(asObject('encryption.keys', named));
  const isKnown = current === null || (typeof current === 'string' && keys.has(current));
  if (!isKnown) throw refused('encryption.current', 'the id of one of the keys, or null');
  if (typeof required !== 'boolean') throw refused('encryption.required', 'true or false');
  return new Cipher({ keys, current: current as string | null, required });
}

function asObject(name: string, given: unknown): Record<string, unknown> {
  if (typeof given === 'object' && given !== null && !Array.isArray(given))
    return given as Record<string, unknown>;
  throw refused(name, 'an object');
}

function keysOf(given: Record<string, unknown>): Map<string, Uint8Array> {
  const named = Object.entries(given);
  if (named.length < 1 || named.length > MAX_KEYS)
    throw refused('encryption.keys', `1 to ${MAX_KEYS} keys by id`);
  return new Map(named.map(([id, key]) => [checkKeyId(id), bytesOf(id, key)]));
}

function checkKeyId(id: string): string {
  if (KEY_ID.test(id)) return id;
  throw refused('encryption.keys', 'by ids of 1 to 32 of a to z, 0 to 9, `_` and `-`');
}

function bytesOf(id: string, key: unknown): Uint8Array {
  const bytes = typeof key === 'string' && BASE64.test(key) ? Buffer.from(key, 'base64') : key;
  const isKey = bytes instanceof Uint8Array && bytes.length === KEY_BYTES;
  // Zeros are what memory is made of that nobody has filled.
  if (isKey && bytes.some((byte) => byte !== 0)) return bytes;
  const rule = `${KEY_BYTES} bytes, not all of them zero, or base64 of them without a line break`;
  throw refused(`encryption.keys.${id}`, rule);
}

function refused(option: string, rule: string): GoflowError {
  const details = { option, rule };
  return new GoflowError('OPTION_INVALID', `Expected \`${option}\` to be ${rule}`, { details });
}
