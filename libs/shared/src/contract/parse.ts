import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ErrorCode } from '../errors/error-table.js';
import { GoflowError } from '../errors/goflow-error.js';
import { ruleOf } from './issue-rule.js';
import { isAboutRedacted, isTelling } from './redacted-issue.js';
import { REDACTED, type RedactPaths } from './redaction.js';

/** One thing that a schema found wrong. */
export interface ParseIssue {
  /** The field, such as `items[2].price`; empty for the value itself. */
  readonly path: string;
  readonly message: string;
  /** What was broken, without what was given, such as `invalid_type: number`; where the schema says it, and the field is not redacted. */
  readonly rule?: string;
}

/** What is parsed, for messages and codes. */
export interface ParseSubject {
  readonly code: ErrorCode;
  /** Such as `payload of image.resize`. */
  readonly subject: string;
  /** What the contract redacts of it: schemas quote the values that they refuse. @default nothing */
  readonly redact?: RedactPaths | undefined;
}

/**
 * Runs a Standard Schema over a value and gives its output; a promise of it where the schema is asynchronous.
 *
 * @throws `code` (PAYLOAD_INVALID or RESULT_INVALID), naming the fields; `details.issues` holds every {@link ParseIssue}. What is wrong with a
 * field that is redacted is not said: only that it is invalid.
 */
export function parse(schema: StandardSchemaV1, value: unknown, about: ParseSubject): unknown {
  try {
    const parsed = schema['~standard'].validate(value);
    return parsed instanceof Promise
      ? parsed.then(
          (result) => outputOf(result, value, about),
          (error: unknown) => refuse(error, about),
        )
      : outputOf(parsed, value, about);
  } catch (error) {
    return refuse(error, about);
  }
}

/** A schema that goes down level by level, such as that of any JSON, has no more stack at some thousand levels. */
function refuse(error: unknown, { code, subject }: ParseSubject): never {
  const isTooDeep = error instanceof RangeError && /call stack/i.test(error.message);
  if (!isTooDeep) throw error;
  const issues: ParseIssue[] = [{ path: '', message: 'nested too deeply' }];
  throw new GoflowError(code, `${subject}: nested too deeply`, { details: { issues } });
}

function outputOf(
  result: StandardSchemaV1.Result<unknown>,
  value: unknown,
  { code, subject, redact = [] }: ParseSubject,
): unknown {
  if (!result.issues) return result.value;
  const issues = result.issues.map((issue) => toIssue(issue, value, redact));
  const shown = issues
    .slice(0, 3)
    .map(({ path, message }) => (path ? `${path}: ${message}` : message));
  const rest = issues.length > 3 ? `, and ${issues.length - 3} more` : '';
  throw new GoflowError(code, `${subject}: ${shown.join('; ')}${rest}`, { details: { issues } });
}

function toIssue(issue: StandardSchemaV1.Issue, value: unknown, redact: RedactPaths): ParseIssue {
  const { message, path: segments = [] } = issue;
  const keys = segments.map((segment) => (typeof segment === 'object' ? segment.key : segment));
  let path = '';
  for (const key of keys)
    path += typeof key === 'number' ? `[${key}]` : `${path === '' ? '' : '.'}${String(key)}`;
  if (redact.length > 0 && isAboutRedacted({ keys, message, value }, redact))
    return { path, message: HIDDEN };
  const rule = ruleOf(issue, (text) => isTelling(text, { keys, value }));
  return { path, message, ...(rule === undefined ? {} : { rule }) };
}

/** In place of what a schema says of a value that is not to be shown. */
const HIDDEN = `Invalid value: ${REDACTED}`;
