import { createHash } from 'node:crypto';
import {
  checkKnown,
  checkQueueName,
  DEAD_LETTER_REASONS,
  type DeadLetterReason,
  invalidOption,
  isTag,
  isTaskType,
  redactPayload,
  TASK_STATES,
  type TaskDetail,
  type TaskState,
  type Tasks,
} from '@goflow/shared';
import { causeOf } from './cause.js';

/** What every filter may ask for. What is not given is not asked; what is given must all be true. */
interface CommonFilter<Type extends string> {
  readonly type?: Type | undefined;
  readonly queue?: string | undefined;
  /** Tasks that were pushed with this tag. */
  readonly tag?: string | undefined;
  /** Tasks that finished since; of open ones, that were pushed since. */
  readonly since?: Date | undefined;
  /**
   * 1 to 200 characters that stand in the id, the type, a tag, the payload as JSON without what its contract redacts, or the name, message
   * or code of the failure. Upper and lower case are the same.
   */
  readonly text?: string | undefined;
}

/** Which tasks are asked for. `Type` is the types of the contracts. */
export interface TaskFilter<Type extends string = string> extends CommonFilter<Type> {
  /** One state or several. @default all */
  readonly state?: TaskState | readonly TaskState[] | undefined;
}

/** Which dead letters are asked for. */
export interface DeadLetterFilter<Type extends string = string> extends CommonFilter<Type> {
  /** Tasks that failed or expired at this time at the latest: given to a count and to what is done then, both are of the same tasks. */
  readonly until?: Date | undefined;
  readonly reason?: DeadLetterReason | undefined;
  /** The one that a group or a task says. */
  readonly fingerprint?: string | undefined;
}

/** Where tasks may be: the contracts, and queues beside theirs. */
export interface Places extends Pick<Tasks, 'contracts'> {
  /** @default none */
  readonly queues?: readonly string[] | undefined;
}

/** Some tasks of one queue, in one state: what a broker can be asked for. */
export interface Section {
  readonly queue: string;
  readonly state: TaskState;
}

/** A filter, checked, as it is put to a broker. */
export interface Question {
  /** In the order in which they are walked. */
  readonly sections: readonly Section[];
  readonly tag: string | undefined;
  readonly since: number | undefined;
  /** The same for the same question, and other for any other. */
  readonly mark: string;
  /** Whether the payload is looked at, too. */
  readonly isOfPayload: boolean;
  /** What the broker cannot be asked. */
  isWanted(task: TaskDetail): boolean;
}

const COMMON = ['type', 'queue', 'tag', 'since', 'text'];
/** In this order: what is of now first, what is long over last. */
const STATES: readonly TaskState[] = [
  'active',
  'waiting',
  'delayed',
  'failed',
  'expired',
  'cancelled',
  'completed',
];
/** A dead letter that is redriven can fail again, but not expire: so a walk meets none twice. */
const DEAD_STATES: readonly TaskState[] = ['failed', 'expired'];
const MAX_TEXT_LENGTH = 200;
const FINGERPRINT = /^[\w-]{12}$/;

/** @throws OPTION_INVALID naming the field */
export function questionOf(filter: TaskFilter, places: Places): Question {
  checkFilter(filter, [...COMMON, 'state']);
  return toQuestion(filter, statesOf(filter.state), places);
}

/** @throws OPTION_INVALID naming the field */
export function deadLetterQuestionOf(filter: DeadLetterFilter, places: Places): Question {
  checkFilter(filter, [...COMMON, 'until', 'reason', 'fingerprint']);
  const { reason, fingerprint } = filter;
  if (reason !== undefined && !DEAD_LETTER_REASONS.includes(reason))
    throw invalidOption('filter.reason', `one of ${DEAD_LETTER_REASONS.join(', ')}`, reason);
  if (fingerprint !== undefined && !isText(fingerprint, FINGERPRINT))
    throw invalidOption('filter.fingerprint', 'the 12 characters of a group', fingerprint);
  return toQuestion(filter, DEAD_STATES, places);
}

/** The queues of the contracts and those beside them, each once. */
export function queuesOf({ contracts, queues = [] }: Places): readonly string[] {
  return [...new Set([...[...contracts.values()].map(({ queue }) => queue), ...queues])];
}

function checkFilter(filter: object, known: readonly string[]): void {
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter))
    throw invalidOption('filter', 'an object; {} for all', filter);
  checkKnown('filter', filter, known);
}

function toQuestion(
  filter: TaskFilter & DeadLetterFilter,
  states: readonly TaskState[],
  places: Places,
): Question {
  const { type, tag, reason, fingerprint } = filter;
  const since = timeOf('since', filter.since);
  const until = timeOf('until', filter.until);
  const text = textOf(filter.text);
  if (type !== undefined && !isTaskType(type))
    throw invalidOption('filter.type', 'a task type such as `email.send`', type);
  if (tag !== undefined && !isTag(tag))
    throw invalidOption('filter.tag', 'a string of 1 to 64 characters', tag);
  const queues = queuesAskedFor(filter, places);
  const sections = queues.flatMap((queue) => states.map((state) => ({ queue, state })));
  return {
    sections,
    tag,
    since,
    isOfPayload: text !== undefined,
    mark: markOf([queues, states, type, tag, since, until, text, reason, fingerprint]),
    isWanted: (task) =>
      (type === undefined || task.type === type) &&
      (until === undefined || (task.finishedAt ?? 0) <= until) &&
      (text === undefined || holds(task, text, places)) &&
      isOfCause(task, filter),
  };
}

/** A type that no contract defines any more may have left tasks in any queue. */
function queuesAskedFor({ type, queue }: TaskFilter, places: Places): readonly string[] {
  if (queue !== undefined) return [checkQueueName('filter.queue', queue)];
  const contract = type === undefined ? undefined : places.contracts.get(type);
  return contract ? [contract.queue] : queuesOf(places);
}

function statesOf(given: unknown): readonly TaskState[] {
  if (given === undefined) return STATES;
  const states: readonly unknown[] = Array.isArray(given) ? given : [given];
  const known: readonly unknown[] = TASK_STATES;
  const wrong = states.findIndex((state) => !known.includes(state));
  if (states.length === 0 || wrong !== -1) {
    const value = wrong === -1 ? given : states[wrong];
    throw invalidOption('filter.state', `one or more of ${TASK_STATES.join(', ')}`, value);
  }
  return STATES.filter((state) => states.includes(state));
}

function timeOf(name: 'since' | 'until', given: unknown): number | undefined {
  if (given === undefined) return undefined;
  const ms = given instanceof Date ? given.getTime() : Number.NaN;
  if (Number.isNaN(ms)) throw invalidOption(`filter.${name}`, 'a valid Date', given);
  return ms;
}

function textOf(given: unknown): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given === 'string' && given.length > 0 && given.length <= MAX_TEXT_LENGTH)
    return given.toLowerCase();
  throw invalidOption('filter.text', `a string of 1 to ${MAX_TEXT_LENGTH} characters`, given);
}

function isText(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function markOf(asked: readonly unknown[]): string {
  const hash = createHash('sha256').update(JSON.stringify(asked));
  return hash.digest('base64url').slice(0, 12);
}

/** The payload comes last: it is the largest. What is not shown of it is not found, or it could be guessed. */
function holds(task: TaskDetail, text: string, places: Places): boolean {
  const { name, message, code } = task.failure ?? {};
  const isIn = (word: string | undefined): boolean => !!word?.toLowerCase().includes(text);
  return (
    [task.id, task.type, ...task.tags, name, message, code].some(isIn) ||
    isIn(JSON.stringify(redactPayload(places, task.type, task.payload)))
  );
}

function isOfCause(task: TaskDetail, { reason, fingerprint }: DeadLetterFilter): boolean {
  if (reason === undefined && fingerprint === undefined) return true;
  const cause = causeOf(task);
  return (
    (reason === undefined || cause?.reason === reason) &&
    (fingerprint === undefined || cause?.fingerprint === fingerprint)
  );
}
