import { invalidOption } from './invalid-option.js';

const QUEUE = /^[a-z0-9][a-z0-9_.-]{0,63}$/;
const PREFIX = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** The queue of every task type whose contract does not name one. */
export const DEFAULT_QUEUE = 'default';
/** What every key of goflow's in Redis begins with. */
export const DEFAULT_PREFIX = 'goflow';

/** True for a queue name: lower-case letters, digits, `_`, `.` and `-`, at most 64 characters. */
export function isQueueName(value: string): boolean {
  return QUEUE.test(value);
}

/** @throws OPTION_INVALID */
export function checkQueueName(name: string, value: unknown): string {
  if (typeof value === 'string' && isQueueName(value)) return value;
  throw invalidOption(name, 'lower-case letters, digits, `_`, `.`, `-`, at most 64', value);
}

/** @throws OPTION_INVALID */
export function checkPrefix(value: unknown): string {
  if (typeof value === 'string' && PREFIX.test(value)) return value;
  throw invalidOption('prefix', 'letters, digits, `_`, `.`, `-`, at most 64', value);
}
