import { GoflowError } from '@goflow/shared';
import type { Question } from './filter.js';

/** Where a walk through the answers to a question stands. */
export interface Position {
  /** Index of {@link Question.sections}. */
  readonly section: number;
  /** Where the broker goes on; `undefined` at the beginning of a section. */
  readonly after: string | undefined;
}

/** Of the form of cursors. A cursor lives as long as somebody looks at a page, so an old one is refused, not read. */
const VERSION = 1;
const MAX_LENGTH = 2_048;
const BASE64URL = /^[\w-]+$/;

/** Where a walk begins; `undefined` when there is nothing to be walked. */
export function startOf({ sections }: Question): Position | undefined {
  return sections.length === 0 ? undefined : { section: 0, after: undefined };
}

/** A position as text, for whoever asks the same question again. */
export function toCursor(question: Question, { section, after }: Position): string {
  const json = JSON.stringify({ v: VERSION, q: question.mark, s: section, a: after });
  return Buffer.from(json).toString('base64url');
}

/** @throws CURSOR_INVALID for one that is made up, of another version of goflow, or of another question */
export function fromCursor(question: Question, cursor: unknown): Position {
  if (typeof cursor !== 'string' || cursor.length > MAX_LENGTH || !BASE64URL.test(cursor))
    throw invalidCursor('that is no cursor of a list');
  const { v, q, s, a } = parse(cursor);
  if (v !== VERSION) throw invalidCursor('the cursor is of another version of goflow');
  if (q !== question.mark) throw invalidCursor('the cursor belongs to another filter');
  const isSection = Number.isInteger(s) && question.sections[s as number] !== undefined;
  if (!isSection || (a !== undefined && typeof a !== 'string'))
    throw invalidCursor('the cursor is made up');
  return { section: s as number, after: a };
}

function parse(cursor: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Refused below, as everything else that is no object.
  }
  throw invalidCursor('that is no cursor of a list');
}

function invalidCursor(message: string): GoflowError {
  return new GoflowError('CURSOR_INVALID', message);
}
