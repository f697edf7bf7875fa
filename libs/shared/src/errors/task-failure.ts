/**
 * An error as it is stored and sent. Plain JSON of bounded size: what a handler threw is made into one of
 * these in its own process, whatever it was.
 */
export interface TaskFailure {
  /** The name of the error's class, such as `TypeError`. */
  readonly name: string;
  /** At most 8,192 characters; a cut is marked with `…`. */
  readonly message: string;
  /** A stable code: one of goflow's, or the error's own `code` where it has one. */
  readonly code: string;
  /** At most 8,192 characters. */
  readonly stack?: string;
  /** The error's `details`, where they are plain JSON of at most 8,192 characters. */
  readonly details?: unknown;
  /** What caused it, at most five deep. */
  readonly cause?: TaskFailure;
}

/** Stands for a message that is encrypted, and cannot be read here. */
export const ENCRYPTED_TEXT = '(encrypted)';

const MAX_TEXT = 8_192;
const MAX_CAUSES = 5;
const NO_MESSAGE = 'something without a message was thrown';

/**
 * Makes a failure of anything that was thrown: errors, strings, `null`, frozen objects, proxies, objects with
 * getters that throw, causes in a circle. It never throws itself.
 */
export function toFailure(thrown: unknown, fallbackCode = 'HANDLER_FAILED'): TaskFailure {
  return failureOf(thrown, { fallbackCode, depth: MAX_CAUSES, seen: new Set() });
}

interface Walk {
  readonly fallbackCode: string;
  /** Causes that may still follow. */
  readonly depth: number;
  readonly seen: Set<unknown>;
}

function failureOf(thrown: unknown, { fallbackCode, depth, seen }: Walk): TaskFailure {
  if (typeof thrown !== 'object' || thrown === null) return primitiveFailure(thrown, fallbackCode);
  seen.add(thrown);
  const stack = textOf(thrown, 'stack');
  const details = detailsOf(thrown);
  const cause = read(thrown, 'cause');
  const hasCause = cause !== undefined && cause !== null && depth > 0 && !seen.has(cause);
  return {
    name: textOf(thrown, 'name') ?? 'Error',
    message: textOf(thrown, 'message') ?? firstMessageOf(thrown) ?? describe(thrown),
    code: textOf(thrown, 'code') ?? fallbackCode,
    ...(stack === undefined ? {} : { stack }),
    ...(details === undefined ? {} : { details }),
    ...(hasCause ? { cause: failureOf(cause, { fallbackCode, depth: depth - 1, seen }) } : {}),
  };
}

function primitiveFailure(thrown: unknown, code: string): TaskFailure {
  const text = thrown === '' ? 'an empty string was thrown' : writtenOut(thrown);
  return { name: 'NonErrorThrown', message: cut(text), code };
}

function writtenOut(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return NO_MESSAGE;
  }
}

/** Of an AggregateError, which often has no message of its own: Node's is empty when a connection is refused. */
function firstMessageOf(thrown: object): string | undefined {
  const errors = read(thrown, 'errors');
  const first: unknown = Array.isArray(errors) ? read(errors, '0') : undefined;
  return typeof first === 'object' && first !== null ? textOf(first, 'message') : undefined;
}

/** Reads a property that may not exist, may throw, or may be a trap of a proxy. */
function read(object: object, key: string): unknown {
  try {
    return (object as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function textOf(object: object, key: string): string | undefined {
  const value = read(object, key);
  return typeof value === 'string' && value !== '' ? cut(value) : undefined;
}

function describe(thrown: object): string {
  try {
    const text = JSON.stringify(thrown) ?? '{}';
    return text === '{}' ? NO_MESSAGE : cut(text);
  } catch {
    return NO_MESSAGE;
  }
}

function detailsOf(thrown: object): unknown {
  const details = read(thrown, 'details');
  if (details === undefined) return undefined;
  try {
    const text = JSON.stringify(details);
    return text === undefined || text.length > MAX_TEXT ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;
}
