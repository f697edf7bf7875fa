import { GoflowError, MAX_CHUNK, type PageQuestion } from '@goflow/shared';

/** A place in a sorted set: that of the last member that was looked at. */
export type SetPosition = readonly [score: string, member: string];

/**
 * A place in a list, counted from its head: that of the next entry, how long the list was, and the entries around the place, by
 * which it is found again when the list has moved: the last one, the next one, the one before the last. '' where there is none.
 */
export type ListPosition = readonly [index: number, length: number, ...around: string[]];

/** Where the next page begins. */
export interface PagePosition {
  /** Which of the places where tasks of this question lie. */
  readonly place: number;
  /** `undefined` at its beginning. */
  readonly at: SetPosition | ListPosition | undefined;
  /**
   * Above 0: the last entry looked at, in a list the next one, is a chunk, and of it the tasks below this index are still to come.
   */
  readonly below: number;
}

type Asked = Pick<PageQuestion, 'queue' | 'state' | 'tag'>;

const VERSION = 1;
const MAX_LENGTH = 8_192;
const SCORE = /^-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf)$/;

/** A position as the text that a caller hands back. */
export function encodeCursor(
  { queue, state, tag }: Asked,
  { place, at, below }: PagePosition,
): string {
  const parts = [VERSION, queue, state, tag ?? null, place, ...(at ?? [])];
  if (below > 0) parts.push(below);
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws CURSOR_INVALID for anything that {@link encodeCursor} did not make for the same queue, state and tag. */
export function decodeCursor(cursor: unknown, { queue, state, tag }: Asked): PagePosition {
  const [version, ...parts] = partsOf(cursor);
  const [ofQueue, ofState, ofTag, place, ...at] = parts;
  if (version !== VERSION || !isCount(place)) throw invalid("is not one of goflow's");
  if (ofQueue !== queue || ofState !== state || ofTag !== (tag ?? null))
    throw invalid('belongs to another queue, state or tag');
  if (at.length === 0) return { place, at: undefined, below: 0 };
  const below = isLongEnough(at) ? at.pop() : 0;
  if (isIndex(below) && (isSetPosition(at) || isListPosition(at))) return { place, at, below };
  throw invalid("is not one of goflow's");
}

/** Whether a number follows that says where in a chunk. */
const isLongEnough = (at: readonly unknown[]): boolean => at.length === 3 || at.length === 6;

const isIndex = (below: unknown): below is number => isCount(below) && below < MAX_CHUNK;

/** CURSOR_INVALID. */
export function invalid(why: string): GoflowError {
  return new GoflowError('CURSOR_INVALID', `the cursor ${why}`);
}

function partsOf(cursor: unknown): readonly unknown[] {
  if (typeof cursor !== 'string' || cursor.length > MAX_LENGTH) return [];
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

export function isSetPosition(at: readonly unknown[]): at is SetPosition {
  const [score, member] = at;
  return (
    at.length === 2 && typeof score === 'string' && SCORE.test(score) && typeof member === 'string'
  );
}

function isListPosition(at: readonly unknown[]): at is ListPosition {
  const [index, length, ...around] = at;
  const isAround = around.length === 3 && around.every((id) => typeof id === 'string');
  return isCount(index) && isCount(length) && isAround;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
