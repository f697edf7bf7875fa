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
  const value = parse(text);
  checkKeys(text, maxDepth);
  return value;
}

function decode(body: Buffer): string {
  if (!isUtf8(body)) throw invalid('the body is no UTF-8');
  const text = body.toString('utf8');
  // A mark of the byte order, which some programs write first.
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid((error as Error).message.slice(0, 200));
  }
}

/** Of JSON that was parsed, so that its quotes and brackets pair up. */
function checkKeys(text: string, maxDepth: number): void {
  const objects: Set<string>[] = [];
  const marks = /["[\]{}]/g;
  for (let found = marks.exec(text); found; found = marks.exec(text)) {
    const { 0: mark, index } = found;
    if (mark === '"') {
      marks.lastIndex = endOfString(text, index);
      COLON.lastIndex = marks.lastIndex;
      if (COLON.test(text)) checkKey(keyOf(text.slice(index, marks.lastIndex)), objects.at(-1));
    } else if (mark === '{' || mark === '[') {
      objects.push(new Set());
      if (objects.length > maxDepth) throw invalid(`deeper than ${maxDepth} levels`);
    } else objects.pop();
  }
}

/** Behind its closing quote. Not by a pattern: one that takes a string character by character has no stack for millions of them. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
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

function checkKey(key: string, earlier: Set<string> | undefined): void {
  const shown = JSON.stringify(key.slice(0, 50));
  if (key === '__proto__') throw invalid(`the key ${shown} is not allowed`);
  if (earlier?.has(key)) throw invalid(`the key ${shown} is given twice`);
  earlier?.add(key);
}

const invalid = (detail: string): GoflowError => new GoflowError('REQUEST_INVALID', detail);
