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
  return redactPaths(payload, tasks.contracts.get(type)?.redact ?? []);
}

/**
 * What a handler logs, as it may be shown: what `redact` names is replaced where the payload itself was given, a field of it, or either one field
 * down, as in `{ order: payload }`. A path without any name, such as `*`, would leave no field of any log: it holds for a field `payload` only.
 * What cannot be looked through, such as an object that throws, is left out.
 */
export function redactLogFields(fields: object, paths: RedactPaths): object {
  if (paths.length === 0) return fields;
  const inFields = paths.flatMap((path) =>
    path.every((segment) => segment === '*') ? [['payload', ...path]] : [path, ['*', ...path]],
  );
  try {
    return redactPaths(fields, inFields) as object;
  } catch {
    return {};
  }
}

/** Every string, number … that a value holds at these paths. */
export function valuesAt(value: unknown, paths: RedactPaths): ReadonlySet<unknown> {
  const found = new Set<unknown>();
  for (const path of paths)
    replaceAt(value, path, (there) => {
      addLeaves(there, found);
      return there;
    });
  return found;
}

function addLeaves(value: unknown, found: Set<unknown>): void {
  if (typeof value !== 'object' || value === null) found.add(value);
  else for (const one of Object.values(value)) addLeaves(one, found);
}

const redactPaths = (value: unknown, paths: RedactPaths): unknown =>
  paths.reduce((shown, path) => replaceAt(shown, path, () => REDACTED), value);

/**
 * Gives the value itself where nothing is replaced. An array stands for each of its elements, so that a list of cards shows none of their
 * numbers.
 */
function replaceAt(
  value: unknown,
  path: readonly string[],
  replace: (value: unknown) => unknown,
): unknown {
  if (path.length === 0) return replace(value);
  const [first, ...rest] = path;
  const isEvery = first === '*';
  if (Array.isArray(value)) {
    const elements = value.map((element: unknown) => {
      const shown = replaceAt(element, path, replace);
      return isEvery ? replaceAt(shown, rest, replace) : shown;
    });
    return elements.every((element, index) => Object.is(element, value[index])) ? value : elements;
  }
  // What is no object has no fields: to redact every one of them is to redact it.
  if (typeof value !== 'object' || value === null)
    return isEvery && rest.length === 0 ? replace(value) : value;
  const fields = Object.entries(value).flatMap(([name, field]: [string, unknown]) => {
    const shown = isEvery || name === first ? replaceAt(field, rest, replace) : field;
    return Object.is(shown, field) ? [] : [[name, shown] as const];
  });
  return fields.length === 0 ? value : copyWith(value, fields);
}

/** An error stays one, with its message and its stack, which are no fields. */
function copyWith(value: object, fields: readonly (readonly [string, unknown])[]): object {
  const copy: object =
    value instanceof Error
      ? Object.create(
          Object.getPrototypeOf(value) as object,
          Object.getOwnPropertyDescriptors(value),
        )
      : { ...value };
  for (const [name, shown] of fields)
    Object.defineProperty(copy, name, {
      value: shown,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return copy;
}
