import {
  type CompressCallback,
  deflateRaw,
  deflateRawSync,
  inflateRaw,
  inflateRawSync,
} from 'node:zlib';
import { GoflowError } from '../errors/goflow-error.js';
import { checkInteger } from '../options/invalid-option.js';
import { aside } from './aside.js';

/**
 * Compressed JSON is JSON, too, so that every program can store and show it: `{"~gz":"<bytes>,<base64>"}`. The bytes are those of the text
 * in UTF-8; the base64 is raw deflate of it. A value of somebody's own that begins with this key is put into an object of the same
 * key, `{"~gz":{"~gz":…}}`, whether anything is compressed or not: so it is never taken for what it is not.
 */
interface Wrapper {
  readonly [KEY]: string | object;
}

const KEY = '~gz';
const OPENING = `{"${KEY}":`;

const MIB = 1024 * 1024;
/** Texts shorter than this do not become clearly smaller. */
const LEAST_ABOVE = 256;
/** As large as a payload can be. */
const MOST_ABOVE = 512 * MIB;
/**
 * No longer text is compressed, and so none is expanded, whoever wrote it: without a bound, a message of a few kilobytes could take all
 * memory.
 */
const MAX_EXPANDED = 64 * MIB;
/** It pays when less than four fifths of the text are stored; base64 makes four characters of three bytes. */
const WORTH = (0.8 * 3) / 4;
/** The fastest: the others take up to eight times as long for a tenth of the size. */
const LEVEL = 1;
/** From here on the way to another thread and back costs the event loop less than the work itself: measured, in bytes of JSON. */
const DEFLATE_ASIDE = 64 * 1024;
const INFLATE_ASIDE = 256 * 1024;
/** Of a text longer than this, pieces are tried first: what does not become smaller takes six times as long to find out. */
const LONG = 16 * 1024;
const PIECE = 2 * 1024;
/** Short pieces become less small than the whole; an image in base64 stays above this, words and numbers below. */
const HOPEFUL = 0.7;

/**
 * The option `compressAbove`: JSON of more bytes than this is compressed, where that makes it clearly smaller.
 *
 * @returns infinity where nothing is given: never
 * @throws OPTION_INVALID for what is no integer from 256 to 536,870,912 (512 MiB)
 */
export function resolveCompressAbove(given: unknown): number {
  if (given === undefined) return Number.POSITIVE_INFINITY;
  return checkInteger('compressAbove', given, [LEAST_ABOVE, MOST_ABOVE]);
}

/**
 * What is stored for some JSON: the same text; or, of more bytes than `aboveBytes` and at most 64 MiB, a compressed one, where that is
 * smaller than four fifths. A promise only where another thread does it, for texts of 64 KiB and more.
 */
export function compressJson(json: string, aboveBytes: number): string | Promise<string> {
  if (!isLonger(json, aboveBytes) || isLonger(json, MAX_EXPANDED) || !isHopeful(json))
    return escapeJson(json);
  if (json.length < DEFLATE_ASIDE) return compressedHere(json);
  return aside(() => compressedAside(json));
}

/** What is stored for some JSON that is not to be compressed. */
export function escapeJson(json: string): string {
  return json.startsWith(OPENING) ? `${OPENING}${json}}` : json;
}

/**
 * The value that was stored, for what was decoded from JSON: the same; or what it stands for, where {@link compressJson} made something
 * else of it. A promise only where another thread does it, for texts of 256 KiB and more.
 *
 * @throws ENVELOPE_UNREADABLE, or rejects with it: it is none of {@link compressJson}'s making, or longer than 64 MiB
 */
export function expandJson(value: unknown): unknown {
  if (!isCompressed(value)) return value;
  const { [KEY]: packed } = value;
  if (typeof packed !== 'string') return packed;
  const at = packed.indexOf(',');
  const bytes = Number(packed.slice(0, Math.max(at, 0)));
  if (!Number.isInteger(bytes) || bytes < 1) throw unreadable('its length is missing');
  if (bytes > MAX_EXPANDED)
    throw unreadable(`it is ${bytes} bytes, over the limit of ${MAX_EXPANDED} bytes`);
  const deflated = Buffer.from(packed.slice(at + 1), 'base64');
  if (bytes < INFLATE_ASIDE) return expandedHere(deflated, bytes);
  return aside(() => expandedAside(deflated, bytes));
}

/** Whether {@link expandJson} makes something else of a value. Costs next to nothing where it does not. */
export function isCompressed(value: unknown): value is Wrapper {
  if (typeof value !== 'object' || value === null) return false;
  const packed: unknown = (value as Partial<Wrapper>)[KEY];
  if (packed === undefined || Object.keys(value).length !== 1) return false;
  return typeof packed === 'string' || isOwn(packed);
}

/** True for a value that was put into another object because it begins as a wrapper does. */
function isOwn(packed: unknown): boolean {
  return typeof packed === 'object' && packed !== null && Object.hasOwn(packed, KEY);
}

/** Bytes are counted only where the number of characters does not tell. */
function isLonger(json: string, bytes: number): boolean {
  if (json.length > bytes) return true;
  const most = json.length * 3;
  return most > bytes && Buffer.byteLength(json) > bytes;
}

function isHopeful(json: string): boolean {
  if (json.length < LONG) return true;
  const third = Math.floor(json.length / 3);
  const [one, other] = [third, third * 2].map((at) => json.slice(at, at + PIECE));
  const pieces = Buffer.from(`${one}${other}`);
  return deflateRawSync(pieces, { level: LEVEL }).length < pieces.length * HOPEFUL;
}

function compressedHere(json: string): string {
  const text = Buffer.from(json);
  try {
    return wrapped(text, deflateRawSync(text, deflating(text)));
  } catch {
    return escapeJson(json);
  }
}

async function compressedAside(json: string): Promise<string> {
  const text = Buffer.from(json);
  try {
    return wrapped(text, await done((end) => deflateRaw(text, deflating(text), end)));
  } catch {
    return escapeJson(json);
  }
}

/** Ends with an error as soon as there is more than is worth it; a single chunk is no copy. */
function deflating({ length }: Buffer) {
  const most = Math.floor(length * WORTH);
  return { level: LEVEL, chunkSize: most, maxOutputLength: most };
}

const wrapped = (text: Buffer, deflated: Buffer): string =>
  `${OPENING}"${text.length},${deflated.toString('base64')}"}`;

function expandedHere(deflated: Buffer, bytes: number): unknown {
  try {
    return parsed(inflateRawSync(deflated, inflating(bytes)), bytes);
  } catch (cause) {
    throw unreadable((cause as Error).message, cause);
  }
}

async function expandedAside(deflated: Buffer, bytes: number): Promise<unknown> {
  try {
    return parsed(await done((end) => inflateRaw(deflated, inflating(bytes), end)), bytes);
  } catch (cause) {
    throw unreadable((cause as Error).message, cause);
  }
}

/** With room for one byte more, a single chunk is all there is; zlib wants room for 64. */
const inflating = (bytes: number) => ({
  chunkSize: Math.max(bytes + 1, 64),
  maxOutputLength: bytes,
});

/** zlib's callback as a promise. */
const done = (work: (end: CompressCallback) => void): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    work((error, made) => (error ? reject(error) : resolve(made)));
  });

function parsed(text: Buffer, bytes: number): unknown {
  if (text.length !== bytes) throw new RangeError(`${text.length} bytes instead of ${bytes}`);
  try {
    return JSON.parse(text.toString());
  } catch {
    // Its own error quotes the text, which may have been encrypted.
    throw new SyntaxError('what was compressed is no JSON');
  }
}

function unreadable(why: string, cause?: unknown): GoflowError {
  const message = `the compressed JSON cannot be read: ${why}`;
  return new GoflowError('ENVELOPE_UNREADABLE', message, { cause });
}
