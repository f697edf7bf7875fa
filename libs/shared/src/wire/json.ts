import type { ErrorCode } from '../errors/error-table.js';
import { GoflowError } from '../errors/goflow-error.js';

/** What is put on the wire, for messages and codes. */
export interface WireSubject {
  /** Such as `payload of image.resize`. */
  readonly subject: string;
  readonly notSerializable: ErrorCode;
  readonly tooLarge: ErrorCode;
  readonly limitBytes: number;
}

/** How deep a payload or a result may be nested. Deeper ones are mistakes or attacks, and overflow stacks elsewhere. */
export const MAX_DEPTH = 100;
/** `JSON.stringify` writes at most this many bytes for one UTF-16 unit: `\uXXXX`. */
const MAX_BYTES_PER_UNIT = 6;
const MAX_BYTES_PER_NUMBER = 25;
/** No value's bound is more than this many times what it takes in truth: the worst is a number of one digit in an array. */
const MAX_OVERESTIMATE = MAX_BYTES_PER_NUMBER + 1;

/**
 * Encodes a value as JSON, once, and only when JSON gives back exactly the same value: what it would lose or change
 * (dates, maps, class instances, `undefined`, functions, NaN, cycles …) is refused, with the place named.
 *
 * @throws `notSerializable` naming the path, or `tooLarge` naming size and limit.
 */
export function encodeJson(value: unknown, about: WireSubject): string {
  const { limitBytes } = about;
  const ceiling = limitBytes * MAX_OVERESTIMATE;
  const bound = boundOfAnything(value, ceiling);
  if (Number.isNaN(bound)) throw refusal(value, about);
  // So far over the limit that it is not even written: with shared parts its text could be endless.
  if (bound > ceiling) throw tooLarge(about);
  const text = JSON.stringify(value);
  // The bound is cheap and nearly always enough; bytes are counted only where it is not.
  const bytes = bound > limitBytes ? Buffer.byteLength(text) : 0;
  if (bytes > limitBytes) throw tooLarge(about, bytes);
  return text;
}

function tooLarge(
  { subject, tooLarge: code, limitBytes }: WireSubject,
  bytes?: number,
): GoflowError {
  const size = bytes === undefined ? 'far' : `${bytes} bytes,`;
  return new GoflowError(code, `${subject} is ${size} over the limit of ${limitBytes} bytes`, {
    details: { ...(bytes === undefined ? {} : { bytes }), limitBytes },
  });
}

function boundOfAnything(value: unknown, ceiling: number): number {
  try {
    return boundOf(value, 0, ceiling);
  } catch {
    // A getter or a proxy that throws.
    return Number.NaN;
  }
}

/**
 * An upper bound of the bytes that JSON takes for a value, or NaN when JSON would lose or change something. Ends at the first
 * NaN, and above the ceiling: a cycle with two ways round would otherwise be walked 2^100 times.
 */
function boundOf(value: unknown, depth: number, ceiling: number): number {
  switch (typeof value) {
    case 'string':
      return value.length * MAX_BYTES_PER_UNIT + 2;
    case 'number':
      return Number.isFinite(value) ? MAX_BYTES_PER_NUMBER : Number.NaN;
    case 'boolean':
      return 5;
    case 'object':
      if (value === null) return 4;
      if (depth === MAX_DEPTH || !isPlain(value)) return Number.NaN;
      return Array.isArray(value)
        ? boundOfArray(value, depth + 1, ceiling)
        : boundOfObject(value, depth + 1, ceiling);
    default:
      return Number.NaN;
  }
}

function boundOfArray(array: readonly unknown[], depth: number, ceiling: number): number {
  let bytes = 2;
  for (let index = 0; index < array.length; index += 1) {
    bytes += boundOf(array[index], depth, ceiling) + 1;
    if (!(bytes <= ceiling)) return bytes;
  }
  return bytes;
}

function boundOfObject(object: object, depth: number, ceiling: number): number {
  let bytes = 2;
  for (const key of Object.keys(object)) {
    const item = (object as Record<string, unknown>)[key];
    bytes += key.length * MAX_BYTES_PER_UNIT + 4 + boundOf(item, depth, ceiling);
    if (!(bytes <= ceiling)) return bytes;
  }
  return bytes;
}

/** True for plain objects and arrays, also of another realm, such as a vm context of a test runner. */
function isPlain(object: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(object);
  if (typeof (object as { toJSON?: unknown }).toJSON === 'function') return false;
  if (Array.isArray(object))
    return (
      prototype === Array.prototype ||
      (Array.isArray(prototype) && Object.hasOwn(prototype, 'concat'))
    );
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/** The slow way, taken only when something is wrong: finds the first place that JSON would lose or change. */
function refusal(value: unknown, about: WireSubject): GoflowError {
  const { path, problem } = findAnyLoss(value);
  const place = path === '' ? '' : ` at ${path}`;
  return new GoflowError(
    about.notSerializable,
    `${about.subject}${place}: ${problem} cannot be sent as JSON unchanged`,
    { details: { path, problem } },
  );
}

/** Longer paths are cut: keys may be of any length. */
const MAX_PATH = 200;

function findAnyLoss(value: unknown): Loss {
  try {
    const { path, problem } = findLoss(value, '', []) ?? UNREADABLE;
    return { path: path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path, problem };
  } catch {
    return UNREADABLE;
  }
}

interface Loss {
  readonly path: string;
  readonly problem: string;
}

const UNREADABLE: Loss = { path: '', problem: 'something that cannot be read' };

function findLoss(value: unknown, path: string, ancestors: readonly object[]): Loss | undefined {
  if (typeof value !== 'object' || value === null) return primitiveLoss(value, path);
  if (ancestors.includes(value)) return { path, problem: 'a cycle' };
  if (ancestors.length >= MAX_DEPTH)
    return { path, problem: `nesting deeper than ${MAX_DEPTH} levels` };
  if (!isPlain(value)) return { path, problem: `a ${className(value)}` };
  const below = [...ancestors, value];
  const isArray = Array.isArray(value);
  // Not `entries` of an array: it would pass over holes.
  const keys = isArray ? value.keys() : Object.keys(value);
  for (const key of keys) {
    const at = isArray ? `[${key}]` : path === '' ? String(key) : `.${key}`;
    const loss = findLoss((value as Record<string, unknown>)[key], path + at, below);
    if (loss) return loss;
  }
  return undefined;
}

function className(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' && name !== 'Object' ? name : 'class instance';
}

function primitiveLoss(value: unknown, path: string): Loss | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : { path, problem: String(value) };
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return undefined;
  return { path, problem: value === undefined ? 'undefined' : `a ${typeof value}` };
}
