import { type Cipher, type CipherPlace, keyIdIn, keyMissing } from './cipher.js';
import { expandJson, isCompressed } from './compressed-json.js';

/*
 * Encrypted JSON is JSON, too: `{"~enc":"<key id>,<base64>"}`. Of a payload the version of its envelope says whether it may be encrypted. Of
 * all else nothing says so; there a value of somebody's own that begins with this key is put into an object of the same key,
 * `{"~enc":{"~enc":…}}`.
 */
const KEY = '~enc';
const OPENING = `{"${KEY}":`;
const PACKED = /^[a-z0-9_-]{1,32}~?,/;
/** Of nonce, tag and one byte, in base64. */
const LEAST = 40;

/** JSON that is encrypted for a place. */
export const encryptJson = (json: string, place: CipherPlace, cipher: Cipher): string =>
  `${OPENING}"${cipher.encrypt(json, place)}"}`;

/** What is stored for JSON that is no payload: encrypted, where there is something that does. */
export function protectJson(json: string, place: CipherPlace, cipher: Cipher | undefined): string {
  if (cipher?.writes) return encryptJson(json, place, cipher);
  return escapeEncrypted(json);
}

/** What is stored for JSON that is not encrypted, and is no payload. */
export const escapeEncrypted = (json: string): string =>
  json.startsWith(OPENING) ? `${OPENING}${json}}` : json;

/** True for what {@link encryptJson} made, as decoded from JSON. Costs next to nothing for anything else. */
export function isEncrypted(value: unknown): value is Readonly<Record<typeof KEY, string>> {
  const packed = wrappedIn(value);
  return typeof packed === 'string' && packed.length > LEAST && PACKED.test(packed);
}

/** True for what {@link escapeEncrypted} changed. */
function isEscaped(value: unknown): value is Readonly<Record<typeof KEY, object>> {
  const packed = wrappedIn(value);
  return typeof packed === 'object' && packed !== null && Object.hasOwn(packed, KEY);
}

function wrappedIn(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const packed: unknown = (value as Partial<Record<typeof KEY, unknown>>)[KEY];
  return packed === undefined || Object.keys(value).length !== 1 ? undefined : packed;
}

/** Whether {@link openJson} makes something else of a value than what is there. Costs next to nothing where it does not. */
export const isWrapped = (value: unknown): boolean =>
  isCompressed(value) || isEncrypted(value) || isEscaped(value);

/**
 * The value that was stored beside a payload, for what was decoded from JSON; it may still be compressed. Any other value is given as it is.
 *
 * @throws KEY_MISSING, ENVELOPE_UNREADABLE
 */
export function decryptJson(
  value: unknown,
  place: CipherPlace,
  cipher: Cipher | undefined,
): unknown {
  if (isEscaped(value)) return value[KEY];
  if (!isEncrypted(value)) return value;
  const { [KEY]: packed } = value;
  if (!cipher) throw keyMissing(keyIdIn(packed));
  return JSON.parse(cipher.decrypt(packed, place));
}

/**
 * The value that was stored, for what was decoded from JSON: decrypted, then expanded. A promise only where another thread expands it.
 *
 * @throws KEY_MISSING, ENVELOPE_UNREADABLE; or rejects with the latter
 */
export const openJson = (value: unknown, place: CipherPlace, cipher: Cipher | undefined): unknown =>
  expandJson(decryptJson(value, place, cipher));
