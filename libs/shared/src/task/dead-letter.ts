import { createHash } from 'node:crypto';
import type { TaskFailure } from '../errors/task-failure.js';
import type { TaskState } from './task-state.js';

/** Every class of reasons for which a task can end as a dead letter. */
export const DEAD_LETTER_REASONS = Object.freeze([
  /** Its attempts are used up. */
  'exhausted',
  /** Its handler said that trying again is of no use. */
  'non-retryable',
  /** Its last attempt, or all of them together, took too long. */
  'timed-out',
  /** It took its worker down, or froze it, too often. */
  'poison',
  /** Nobody started it in time. */
  'expired',
  /** No worker has a handler for its type. */
  'no-handler',
  /** Its payload does not match the contract. */
  'invalid-payload',
  /** What its handler returned cannot be its result. */
  'invalid-result',
  /** It cannot be read. */
  'unreadable',
] as const);

/** One of {@link DEAD_LETTER_REASONS}. */
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

const REASONS: ReadonlyMap<string, DeadLetterReason> = new Map([
  ['NON_RETRYABLE', 'non-retryable'],
  ['TASK_TIMEOUT', 'timed-out'],
  ['TASK_DEADLINE', 'timed-out'],
  ['TASK_POISON', 'poison'],
  ['TASK_STALLED', 'poison'],
  ['TASK_EXPIRED', 'expired'],
  ['HANDLER_MISSING', 'no-handler'],
  ['PAYLOAD_INVALID', 'invalid-payload'],
  ['RESULT_INVALID', 'invalid-result'],
  ['RESULT_NOT_SERIALIZABLE', 'invalid-result'],
  ['RESULT_TOO_LARGE', 'invalid-result'],
  ['ENVELOPE_UNREADABLE', 'unreadable'],
]);

/** Why a task that failed or expired is a dead letter. */
export function deadLetterReason(
  state: TaskState,
  failure: TaskFailure | undefined,
): DeadLetterReason {
  if (state === 'expired') return 'expired';
  return REASONS.get(failure?.code ?? '') ?? 'exhausted';
}

/** So much of a message, once what varies is taken out, tells one error from another; the rest is often a dump. */
const MAX_MESSAGE = 300;
const FINGERPRINT_LENGTH = 12;

/**
 * What failures of one cause have in common, as 12 characters of base64url: the same for the same error in two tasks, two releases, on
 * two machines. Made of type, name, code, the message without what varies (numbers, ids, quoted text, addresses, times …) and the first
 * frame of the stack that is neither Node's nor a dependency's, without directories, line and column.
 */
export function fingerprintOf(type: string, failure: TaskFailure): string {
  const { name, code, message, stack } = failure;
  const essence = [
    type,
    name,
    code,
    withoutVariables(message).slice(0, MAX_MESSAGE),
    withoutVariables(ownFrame(stack ?? '', message)),
  ];
  const hash = createHash('sha256').update(JSON.stringify(essence));
  return hash.digest('base64url').slice(0, FINGERPRINT_LENGTH);
}

const UNITS = 'ns|us|µs|ms|s|sec|m|min|h|d|days?|%|b|bytes|[kmgt]i?b|px|x|st|nd|rd|th';
const MONTHS = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';

/**
 * What varies, in the order in which it is taken out: a date is none any more once its numbers are gone. Every repetition is of
 * characters that cannot be what follows it, or bounded, so that no text of 8,192 characters takes long. Numbers and ids are the same:
 * some ids happen to be numbers.
 */
const VARIABLES: readonly (readonly [pattern: RegExp, placeholder: string])[] = [
  [/\\["'`]/g, ''],
  // An apostrophe within a word opens nothing.
  [/"[^"]*"|`[^`]*`|“[^“”]*”|«[^«»]*»|(?<!\w)'[^'\n]*'(?!\w)/g, '<text>'],
  [/\b([a-z][a-z0-9+.-]{0,15}:\/\/)(?:[^\s/?#@]{1,255}@)?([^\s/?#]{1,255})\S*/gi, '$1$2<path>'],
  [/[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g, '<email>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '#'],
  [
    /\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?(?:Z|[+-]\d\d:?\d\d))?)?/g,
    '<time>',
  ],
  [
    new RegExp(
      `\\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:\\d{1,2} )?(?:${MONTHS}) \\d{1,4},?(?: \\d{4})?` +
        '(?: \\d\\d:\\d\\d:\\d\\d)?(?: (?:GMT|UTC|Z))?(?:[+-]\\d{4})?(?: \\([A-Za-z ]{1,60}\\))?',
      'g',
    ),
    '<time>',
  ],
  [/\b\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?\b/g, '<time>'],
  // A task's id.
  [/(?<![\w.-])[a-z0-9][a-z0-9_.-]{0,63}:[\w-]{22}(?![\w-])/g, '#'],
  [/(?<![\w./<>])(?:\/[\w.@+-]{1,255}){2,}/g, '<path>'],
  [/\b[A-Za-z]:(?:\\[^\s\\:"'<>|]{1,255})+/g, '<path>'],
  [new RegExp(`(?<!\\w)[-+]?\\d+(?:[.,]\\d+){0,5}(?: ?(?:${UNITS}))?(?!\\w)`, 'gi'), '#'],
];

function withoutVariables(text: string): string {
  let left = text;
  for (const [pattern, placeholder] of VARIABLES) left = left.replace(pattern, placeholder);
  return left
    .replace(/[\w-]{3,}/g, (word) => (isMadeUp(word) ? '#' : word))
    .replace(/\d+/g, '#')
    .replace(/\s+/g, ' ');
}

const HEX = /^(?:0x)?[0-9a-f]+$/i;
const DIGIT_THEN_LETTER = /\d[A-Za-z]/;
const MIN_ID = 6;
/** Nobody's word is so long and has a digit. */
const MIN_LONG_ID = 16;

/** True for a word that a machine chose: an id, a hash, an address in memory. */
function isMadeUp(word: string): boolean {
  if (!/\d/.test(word)) return false;
  if (HEX.test(word) || word.length >= MIN_LONG_ID) return true;
  return word.length >= MIN_ID && DIGIT_THEN_LETTER.test(word);
}

/** The function and the file of the first frame that is the user's own; empty where there is none. */
function ownFrame(stack: string, message: string): string {
  const start = stack.indexOf(message);
  const frames = start === -1 ? stack : stack.slice(start + message.length);
  for (const line of frames.split('\n')) {
    const frame = frameOf(line.trim());
    if (frame) return frame;
  }
  return '';
}

function frameOf(line: string): string | undefined {
  if (!line.startsWith('at ')) return undefined;
  const call = line.slice('at '.length).replace(/^async /, '');
  const open = call.lastIndexOf(' (');
  const place = open === -1 ? call : call.slice(open + 2, -1);
  if (isForeign(place)) return undefined;
  const file = place.slice(Math.max(place.lastIndexOf('/'), place.lastIndexOf('\\')) + 1);
  // A file that is imported anew has a query.
  const [name] = file.replace(/(?::\d+){1,2}$/, '').split('?');
  return `${open === -1 ? '' : call.slice(0, open)} ${name}`;
}

function isForeign(place: string): boolean {
  return (
    place.startsWith('node:') ||
    place.includes('node_modules') ||
    place.includes('<anonymous>') ||
    place === 'native'
  );
}
