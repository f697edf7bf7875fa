import { isUtf8 } from 'node:buffer';
import { GoflowError } from '@goflow/shared';
import type { Request } from 'express';
import { HttpRefusal } from './problem.js';
import { type BodyLimit, readBody } from './read-body.js';

/** What a body may be. */
export interface JsonLimits extends BodyLimit {
  /** Levels of objects and lists. @default 8: numbers by queue */
  readonly maxDepth?: number | undefined;
}

const MAX_DEPTH = 8;
/** Different keys of a level, added up. V8 takes a microsecond and more for each, and one request must not hold up all others. */
const MAX_KEYS = 100_000;
/** What stands behind a key. */
const COLON = /\s*:/y;

/**
 * The JSON of a request, of any content type. What two readers could read in two ways is refused: a key that is given twice, a
 * name of JavaScript's own (`__proto__`), bytes that are no UTF-8.
 *
 * @throws REQUEST_INVALID, with the status 413 for a large body, and 415 for a packed one or another character set
 */
export async function readJson(request: Request, limits: JsonLimits = {}): Promise<unknown> {
  const charset = /charset\s*=\s*"?([^\s";]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset))
    throw new HttpRefusal(415, 'JSON is written in UTF-8');
  return parseJson(decode(await readBody(request, limits)), limits.maxDepth);
}

/** What a text of JSON says. @throws REQUEST_INVALID as {@link readJson}, with 400 */
export function parseJson(text: string, maxDepth = MAX_DEPTH): unknown {
  try {
    // Before it is parsed, which can take longer.
    checkKeys(text, maxDepth);
    return JSON.parse(text);
  } catch (error) {
    throw error instanceof SyntaxError ? invalid(error.message.slice(0, 200)) : error;
  }
}

function decode(body: Buffer): string {
  if (!isUtf8(body)) throw invalid('the body is no UTF-8');
  const text = body.toString('utf8');
  // A mark of the byte order, which some programs write first.
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** Exact where the text is JSON. Where it is none, its quotes and brackets need not pair up: then what is found does not matter. */
function checkKeys(text: string, maxDepth: number): void {
  const keys = new Keys();
  const marks = /["[\]{}]/g;
  for (let found = marks.exec(text); found; found = marks.exec(text)) {
    const { 0: mark, index } = found;
    if (mark === '"') {
      const end = endOfString(text, index);
      if (end === 0) return;
      marks.lastIndex = end;
      COLON.lastIndex = end;
      if (COLON.test(text)) keys.add(keyOf(text.slice(index, end)));
    } else if (mark === '{' || mark === '[') {
      if (keys.open() > maxDepth) throw invalid(`deeper than ${maxDepth} levels`);
    } else keys.close();
  }
}

/** Behind its closing quote; 0 where it has none. Not by a pattern: one that takes a string character by character has no stack for millions of them. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === '\\') first -= 1;
  return (at - first) % 2 === 1;
}

const keyOf = (json: string): string =>
  json.includes('\\') ? (JSON.parse(json) as string) : json.slice(1, -1);

/** The keys of a text of JSON, as they come. A set for each object would take longer than all else. */
class Keys {
  /** By level: of each key the last object that has it. */
  readonly #levels: Map<string, number>[] = [];
  /** The objects and lists that are open, by their numbers. */
  readonly #open: number[] = [];
  #opened = 0;
  #different = 0;

  /** @returns levels */
  open(): number {
    this.#opened += 1;
    return this.#open.push(this.#opened);
  }

  close(): void {
    this.#open.pop();
  }

  /** @throws REQUEST_INVALID */
  add(key: string): void {
    const level = this.#open.length;
    const object = this.#open[level - 1] ?? 0;
    this.#levels[level] ??= new Map();
    const owners = this.#levels[level];
    const last = owners?.get(key);
    if (key === '__proto__') throw invalid(`the key ${quoted(key)} is not allowed`);
    if (last === object) throw invalid(`the key ${quoted(key)} is given twice`);
    if (last === undefined) this.#different += 1;
    if (this.#different > MAX_KEYS) throw invalid(`more than ${MAX_KEYS} different keys`);
    owners?.set(key, object);
  }
}

const quoted = (key: string): string => JSON.stringify(key.slice(0, 50));
const invalid = (detail: string): GoflowError => new GoflowError('REQUEST_INVALID', detail);
