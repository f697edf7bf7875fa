import { type ParseIssue, toMs } from '@goflow/shared';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Command, CommandResult } from './command.js';

const MAX_IDENTIFIER = 1_024;
/** PATH_MAX of Linux. */
const MAX_PATH = 4_096;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What is wrong with a field; `undefined` for nothing. */
type Check = (value: unknown) => string | undefined;

const text: Check = (value) => (typeof value === 'string' ? undefined : expected('a text', value));

const FIELDS: Readonly<Record<keyof Command, Check>> = {
  identifier: (value) => shortText(value, MAX_IDENTIFIER),
  command: path,
  args: texts,
  timeout: duration,
  cwd: path,
  env: variables,
  stdin: text,
};
const NEEDED = ['identifier', 'command'] as const;
const KNOWN = Object.keys(FIELDS);

/** What is wrong with a value that should be a command; empty when it is one. */
export function checkCommand(value: unknown): readonly ParseIssue[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [{ path: '', message: expected('a command, such as {"identifier":…}', value) }];
  const missing = NEEDED.filter((name) => !Object.hasOwn(value, name));
  const wrong = Object.entries(value).flatMap(([name, field]) => {
    const message = KNOWN.includes(name)
      ? FIELDS[name as keyof Command](field)
      : `unknown; known are ${KNOWN.join(', ')}`;
    const at = message !== undefined && name === 'args' ? placeOfNoText(field) : '';
    return message === undefined ? [] : [{ path: `${name}${at}`, message }];
  });
  return [...missing.map((path) => ({ path, message: 'missing' })), ...wrong];
}

/** Of a payload of `exec`. */
export const COMMAND_SCHEMA: StandardSchemaV1<Command> = schemaOf(checkCommand);

/** Of a result of `exec`. */
export const COMMAND_RESULT_SCHEMA: StandardSchemaV1<CommandResult> = schemaOf((value) => {
  const { identifier, exit_code, result_body } = (value ?? {}) as Partial<CommandResult>;
  const isResult =
    typeof identifier === 'string' &&
    Number.isInteger(exit_code) &&
    typeof result_body === 'string';
  return isResult ? [] : [{ path: '', message: 'no result of a command' }];
});

function schemaOf<T>(check: (value: unknown) => readonly ParseIssue[]): StandardSchemaV1<T> {
  const validate = (value: unknown): StandardSchemaV1.Result<T> => {
    const issues = check(value);
    if (issues.length === 0) return { value: value as T };
    return {
      issues: issues.map(({ path, message }) => ({ message, path: path === '' ? [] : [path] })),
    };
  };
  return { '~standard': { version: 1, vendor: 'goflow', validate } };
}

function texts(value: unknown): string | undefined {
  if (!Array.isArray(value)) return expected('an array of texts', value);
  const wrong: unknown[] = value.filter((one) => typeof one !== 'string');
  return wrong.length === 0 ? undefined : expected('a text', wrong[0]);
}

/** `[2]`: where what is no text stands; empty for what is no array. */
function placeOfNoText(value: unknown): string {
  return Array.isArray(value) ? `[${value.findIndex((one) => typeof one !== 'string')}]` : '';
}

function path(value: unknown): string | undefined {
  return value === '' ? 'expected a text, got nothing' : shortText(value, MAX_PATH);
}

function shortText(value: unknown, limit: number): string | undefined {
  const isShort = typeof value === 'string' && value.length <= limit;
  return isShort ? undefined : expected(`a text of at most ${limit} characters`, value);
}

function duration(value: unknown): string | undefined {
  try {
    toMs('timeout', value, { minMs: 1 });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function variables(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return expected('an object of texts', value);
  for (const [name, content] of Object.entries(value)) {
    if (!VARIABLE.test(name)) return `expected names of letters, digits and _, got "${name}"`;
    if (typeof content !== 'string') return `${name}: ${expected('a text', content)}`;
  }
  return undefined;
}

function expected(what: string, value: unknown): string {
  const type = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
  return `expected ${what}, got ${type}`;
}
