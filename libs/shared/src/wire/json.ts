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

/**
 * Encodes a value as JSON, once, and only when JSON gives back exactly the same value: what it would lose or change
 * (dates, maps, class instances, `undefined`, functions, NaN, cycles …) is refused, with the place named.
 *
 * @throws `notSerializable` naming the path, or `tooLarge` naming size and limit.
 */
export function encodeJson(value: unknown, about: WireSubject): string {
  const bound = boundOf(value, 0);
  if (Number.isNaN(bound)) throw refusal(value, about);
  const text = JSON.stringify(value);
  // The bound is cheap and nearly always enough; bytes are counted only where it is not.
  if (bound > about.limitBytes) {
    const bytes = Buffer.byteLength(text);
    if (bytes > about.limitBytes)
      throw new GoflowError(
        about.tooLarge,
        `${about.subject} is ${bytes} bytes, over the limit of ${about.limitBytes}`,
        { details: { bytes, limitBytes: about.limitBytes } },
      );
  }
  return text;
}

/** An upper bound of the bytes that JSON takes for a value, or NaN when JSON would lose or change something. */
function boundOf(value: unknown, depth: number): number {
  switch (typeof value) {
    case 'string':
      return value.length * MAX_BYTES_PER_UNIT + 2;
    case 'number':
      return Number.isFinite(value) ? 25 : Number.NaN;
    case 'boolean':
      return 5;
    case 'object':
      if (value === null) return 4;
      if (depth === MAX_DEPTH) return Number.NaN;
      return Array.isArray(value) ? boundOfArray(value, depth) : boundOfObject(value, depth);
    default:
      return Number.NaN;
  }
}

function boundOfArray(array: readonly unknown[], depth: number): number {
  let bytes = 2;
  for (let index = 0; index < array.length; index += 1)
    bytes += boundOf(array[index], depth + 1) + 1;
  return bytes;
}

function boundOfObject(object: object, depth: number): number {
  if (!isPlain(object)) return Number.NaN;
  let bytes = 2;
  for (const key of Object.keys(object))
    bytes +=
      key.length * MAX_BYTES_PER_UNIT +
      4 +
      boundOf((object as Record<string, unknown>)[key], depth + 1);
  return bytes;
}

function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  const plain =
    prototype === Object.prototype ||
    prototype === null ||
    // Objects of another realm, such as a vm context of a test runner.
    Object.getPrototypeOf(prototype) === null;
  return plain && typeof (object as { toJSON?: unknown }).toJSON !== 'function';
}

/** The slow way, taken only when something is wrong: finds the first place that JSON would lose or change. */
function refusal(value: unknown, about: WireSubject): GoflowError {
  const found = findLoss(value, '', []) ?? {
    path: '',
    problem: 'something that is not plain JSON',
  };
  const place = found.path === '' ? '' : ` at ${found.path}`;
  return new GoflowError(
    about.notSerializable,
    `${about.subject}${place}: ${found.problem} cannot be sent as JSON unchanged`,
    { details: found },
  );
}

interface Loss {
  readonly path: string;
  readonly problem: string;
}

function findLoss(value: unknown, path: string, ancestors: readonly object[]): Loss | undefined {
  if (typeof value !== 'object' || value === null) return primitiveLoss(value, path);
  if (ancestors.includes(value)) return { path, problem: 'a cycle' };
  if (ancestors.length >= MAX_DEPTH)
    return { path: path.slice(0, 60), problem: `nesting deeper than ${MAX_DEPTH} levels` };
  const below = [...ancestors, value];
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const loss = findLoss(value[index], `${path}[${index}]`, below);
      if (loss) return loss;
    }
    return undefined;
  }
  if (!isPlain(value)) return { path, problem: `a ${value.constructor?.name ?? 'class instance'}` };
  for (const [key, item] of Object.entries(value)) {
    const loss = findLoss(item, path === '' ? key : `${path}.${key}`, below);
    if (loss) return loss;
  }
  return undefined;
}

function primitiveLoss(value: unknown, path: string): Loss | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : { path, problem: String(value) };
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return undefined;
  return { path, problem: value === undefined ? 'undefined' : `a ${typeof value}` };
}
