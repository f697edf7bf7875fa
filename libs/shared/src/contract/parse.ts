import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ErrorCode } from '../errors/error-table.js';
import { GoflowError } from '../errors/goflow-error.js';

/** One thing that a schema found wrong. */
export interface ParseIssue {
  /** The field, such as `items[2].price`; empty for the value itself. */
  readonly path: string;
  readonly message: string;
}

/** What is parsed, for messages and codes. */
export interface ParseSubject {
  readonly code: ErrorCode;
  /** Such as `payload of image.resize`. */
  readonly subject: string;
}

/**
 * Runs a Standard Schema over a value and gives its output; a promise of it where the schema is asynchronous.
 *
 * @throws `code` (PAYLOAD_INVALID or RESULT_INVALID), naming the fields; `details.issues` holds every {@link ParseIssue}.
 */
export function parse(schema: StandardSchemaV1, value: unknown, about: ParseSubject): unknown {
  try {
    const parsed = schema['~standard'].validate(value);
    return parsed instanceof Promise
      ? parsed.then(
          (result) => outputOf(result, about),
          (error: unknown) => refuse(error, about),
        )
      : outputOf(parsed, about);
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
  { code, subject }: ParseSubject,
): unknown {
  if (!result.issues) return result.value;
  const issues = result.issues.map(toIssue);
  const shown = issues
    .slice(0, 3)
    .map(({ path, message }) => (path ? `${path}: ${message}` : message));
  const rest = issues.length > 3 ? `, and ${issues.length - 3} more` : '';
  throw new GoflowError(code, `${subject}: ${shown.join('; ')}${rest}`, { details: { issues } });
}

function toIssue(issue: StandardSchemaV1.Issue): ParseIssue {
  let path = '';
  for (const segment of issue.path ?? []) {
    const key = typeof segment === 'object' ? segment.key : segment;
    path += typeof key === 'number' ? `[${key}]` : `${path === '' ? '' : '.'}${String(key)}`;
  }
  return { path, message: issue.message };
}
