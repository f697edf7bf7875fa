import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomFillSync,
} from 'node:crypto';
import { GoflowError } from '../errors/goflow-error.js';
import type { TaskId } from '../task/task-id.js';

/** Where a text belongs. Encrypted for one place it cannot be read in another. */
export interface CipherPlace {
  readonly kind: 'payload' | 'result' | 'failure' | 'progress' | 'log';
  /** Of the task. */
  readonly type: string;
  /** `undefined`: a payload that may become that of an older task, whose id is not known here. It belongs to its type only. */
  readonly id: TaskId | undefined;
}

/** What a {@link Cipher} is made with. */
export interface CipherOptions {
  /** By key id, 32 bytes each. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
  /** The id of the key that is encrypted with; `null`: nothing is encrypted, only read. */
  readonly current: string | null;
  /** Whether a worker refuses payloads that are not encrypted. */
  readonly required: boolean;
}

const ALGORITHM = 'aes-256-gcm';
const NONCE = 12;
const TAG = 16;
/** Behind a key id: the text belongs to a type, and not to one task. A key id cannot hold it. */
const OF_TYPE = '~';
/** Of what is encrypted, so that its base64 fits into a string. */
const MAX_BYTES = 380 * 1024 * 1024;

/**
 * Encrypts texts with AES-256-GCM: `<key id>,<base64 of nonce, ciphertext and tag>`. Each place has a key of its own, made of the key that
 * was given and of the place: two texts of one key with the same nonce, by chance, would tell both, and one key for all has so many
 * texts that it could happen. The place is authenticated, too.
 */
export class Cipher {
  /** False where it only reads. */
  readonly writes: boolean;
  /** Whether a worker refuses payloads that are not encrypted. */
  readonly required: boolean;
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #current: string;

  constructor({ keys, current, required }: CipherOptions) {
    this.#keys = new Map([...keys].map(([id, bytes]) => [id, createSecretKey(bytes)]));
    this.#current = current ?? '';
    this.writes = current !== null;
    this.required = required;
  }

  /** Only of one that {@link writes}. @throws PAYLOAD_TOO_LARGE, RESULT_TOO_LARGE above 380 MiB */
  encrypt(text: string, place: CipherPlace): string {
    const plain = Buffer.from(text);
    if (plain.length > MAX_BYTES) throw tooLarge(plain.length, place);
    const about = Buffer.from(textOf(place));
    const nonce = nextNonce();
    const cipher = createCipheriv(ALGORITHM, this.#keyFor(this.#current, about), nonce, {
      authTagLength: TAG,
    });
    cipher.setAAD(about);
    const parts = [nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()];
    const mark = place.id === undefined ? OF_TYPE : '';
    return `${this.#current}${mark},${Buffer.concat(parts).toString('base64')}`;
  }

  /** @throws KEY_MISSING naming the key id; ENVELOPE_UNREADABLE for what was changed, encrypted for another place, or with another key of that id */
  decrypt(packed: string, place: CipherPlace): string {
    const at = packed.indexOf(',');
    const isOfType = packed[at - 1] === OF_TYPE;
    const bytes = Buffer.from(packed.slice(at + 1), 'base64');
    const about = Buffer.from(textOf(isOfType ? { ...place, id: undefined } : place));
    const key = this.#keyFor(keyIdIn(packed), about);
    try {
      const nonce = bytes.subarray(0, NONCE);
      const cipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG });
      cipher.setAAD(about).setAuthTag(bytes.subarray(-TAG));
      const text = cipher.update(bytes.subarray(NONCE, -TAG));
      return Buffer.concat([text, cipher.final()]).toString();
    } catch (cause) {
      throw unreadable(place, keyIdIn(packed), cause);
    }
  }

  #keyFor(id: string, about: Buffer): Buffer {
    const key = this.#keys.get(id);
    if (!key) throw keyMissing(id);
    return createHmac('sha256', key).update(about).digest();
  }
}

/** The id of the key that something was encrypted with. */
export const keyIdIn = (packed: string): string =>
  packed.slice(0, packed.indexOf(',')).replace(OF_TYPE, '');

/** KEY_MISSING */
export function keyMissing(keyId: string): GoflowError {
  return new GoflowError('KEY_MISSING', `the key ${keyId} is not here, and this cannot be read`, {
    details: { keyId },
  });
}

/** Neither types nor ids have a line break. */
const textOf = ({ kind, type, id }: CipherPlace): string =>
  `goflow 2\n${kind}\n${type}\n${id ?? '*'}`;

const NONCES = 256;
const pool = Buffer.alloc(NONCES * NONCE);
let used = NONCES;

/** Chance, made for many at once: that is ten times as fast. */
function nextNonce(): Buffer {
  if (used === NONCES) {
    randomFillSync(pool);
    used = 0;
  }
  const at = used * NONCE;
  used += 1;
  return pool.subarray(at, at + NONCE);
}

function tooLarge(bytes: number, { kind }: CipherPlace): GoflowError {
  const code = kind === 'payload' ? 'PAYLOAD_TOO_LARGE' : 'RESULT_TOO_LARGE';
  return new GoflowError(
    code,
    `the ${kind} is ${bytes} bytes: at most ${MAX_BYTES} can be encrypted`,
  );
}

function unreadable({ kind }: CipherPlace, keyId: string, cause: unknown): GoflowError {
  const message = `the encrypted ${kind} cannot be read: the key ${keyId} is another one here, or it was changed, or encrypted for another task`;
  return new GoflowError('ENVELOPE_UNREADABLE', message, { cause, details: { keyId } });
}
