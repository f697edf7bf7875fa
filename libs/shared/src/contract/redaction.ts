import { invalidOption } from '../options/invalid-option.js';
import type { Tasks } from './define-tasks.js';

/** What stands in place of a value that is not to be shown. */
export const REDACTED = '[redacted]';

const MAX_PATHS = 100;
const MAX_LENGTH = 256;
/** Quotes and brackets belong to other syntaxes of paths, which would match nothing here. */
const SEGMENT = /^(?:\*|[^.*[\]"'`\s]+)$/;
const RULE =
  'names of fields joined by dots, `*` for every field: `password`, `card.number`, `*.token`; at most 256 characters';

/** Paths into a payload, each by its segments. */
export type RedactPaths = readonly (readonly string[])[];

/** @throws OPTION_INVALID */
export function resolveRedact(given: readonly string[] | undefined, name: string): RedactPaths {
  if (given === undefined) return [];
  if (!Array.isArray(given) || given.length > MAX_PATHS)
    throw invalidOption(name, `an array of at most ${MAX_PATHS} paths`, given);
  return given.map((path: unknown, index) => {
    const segments = typeof path === 'string' && path.length <= MAX_LENGTH ? path.split('.') : [];
    if (segments.length > 0 && segments.every((segment) => SEGMENT.test(segment))) return segments;
    throw invalidOption(`${name}[${index}]`, RULE, path);
  });
}

/**
 * A payload as it may be shown: what the contract of its type says in `redact` is replaced by `[redacted]`. The payload itself stays as it
 * is. For a type without a contract, or without `redact`, it is given back.
 *
 * @example
 * const task = await goflow.inspector.get(id);
 * if (task) console.log(redactPayload(tasks, task.type, task.payload));
 */
export function redactPayload(
  tasks: Pick<Tasks, 'contracts'>,
  type: string,
  payload: unknown,
): unknown {
  const paths = tasks.contracts.get(type)?.redact ?? [];
  return paths.reduce<unknown>((shown, path) => redactAt(shown, path), payload);
}

/** An array stands for each of its elements, so that a list of cards shows none of their numbers. */
function redactAt(value: unknown, path: readonly string[]): unknown {
  if (path.length === 0) return REDACTED;
  const [first, ...rest] = path;
  const isEvery = first === '*';
  if (Array.isArray(value))
    return value.map((element) => {
      const shown = redactAt(element, path);
      return isEvery ? redactAt(shown, rest) : shown;
    });
  // What is no object has no fields: to redact every one of them is to redact it.
  if (typeof value !== 'object' || value === null)
    return isEvery && rest.length === 0 ? REDACTED : value;
  const fields = Object.entries(value).map(([name, field]) => {
    const isMeant = isEvery || name === first;
    return [name, isMeant ? redactAt(field, rest) : field];
  });
  return Object.fromEntries(fields);
}
