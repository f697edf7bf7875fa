import { type RedactPaths, valuesAt } from './redaction.js';

/** What a schema said of a value. */
export interface SaidIssue {
  /** Where in the value: the keys of its path. */
  readonly keys: readonly PropertyKey[];
  readonly message: string;
  /** The whole value that was parsed. */
  readonly value: unknown;
}

/**
 * Whether the message of an issue may show what is redacted: it is about a redacted field or one below it, that is there, or it is about what
 * holds such a field, and quotes it.
 */
export function isAboutRedacted({ keys, message, value }: SaidIssue, redact: RedactPaths): boolean {
  const path = keys.map(String);
  const left = redact.flatMap((one) => restsOf(path, one));
  const there = walk(keys, value);
  if (left.some((rest) => rest.length === 0)) return !there.isMissing;
  try {
    return [...valuesAt(there.value, left)].some((one) => isQuoted(one, message));
  } catch {
    return true;
  }
}

/** Whether a text may show the value at an issue's path, or any of what that holds. */
export function isTelling(text: string, { keys, value }: Omit<SaidIssue, 'message'>): boolean {
  try {
    return [...valuesAt(walk(keys, value).value, [[]])].some((one) => isQuoted(one, text));
  } catch {
    return true;
  }
}

/** What remains of a redacted path at an issue's path; an empty rest: the path is reached. An index may be left out, as arrays stand for their elements. */
function restsOf(path: readonly string[], redacted: readonly string[]): (readonly string[])[] {
  let reached = new Set([0]);
  for (const key of path) {
    const next = new Set<number>();
    for (const at of reached) {
      if (at === redacted.length) return [[]];
      if (redacted[at] === '*' || redacted[at] === key) next.add(at + 1);
      if (/^\d+$/.test(key)) next.add(at);
    }
    reached = next;
  }
  return [...reached].map((at) => redacted.slice(at));
}

interface Place {
  readonly value: unknown;
  /** The object that should have it has no such field: there is nothing to quote. */
  readonly isMissing: boolean;
}

/** What is at a path. Of what a schema made of the value, such as of a text that it parsed, nothing is known. */
function walk(keys: readonly PropertyKey[], value: unknown): Place {
  let at = value;
  for (const key of keys) {
    if (typeof at !== 'object' || at === null) return { value: undefined, isMissing: false };
    if (!(key in at)) return { value: undefined, isMissing: true };
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return { value: at, isMissing: false };
}

function isQuoted(value: unknown, message: string): boolean {
  const text = String(value);
  if (text === '' || value === undefined || value === null) return false;
  return message.includes(text) || message.includes(JSON.stringify(text).slice(1, -1));
}
