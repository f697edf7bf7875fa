import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ErrorCode } from '../errors/error-table.js';
import { GoflowError } from '../errors/goflow-error.js';

/** One thing that a schema found wrong. */
export interface ParseIssue {
  /** The field, such as `items[2].price`; empty for the value itself. */
  readonly path: string;
  readonly message: string;
}

/**
 * Runs a Standard Schema over a value and gives its output. Synchronous schemas are not made to wait.
 *
 * @throws `code` (PAYLOAD_INVALID or RESULT_INVALID), naming the fields; `details.issues` holds every {@link ParseIssue}.
 */
export function parse(
  schema: StandardSchemaV1,
  value: unknown,
  code: ErrorCode,
  subject: string,
): unknown | Promise<unknown> {
  const parsed = schema['~standard'].validate(value);
  return parsed instanceof Promise
    ? parsed.then((result) => outputOf(result, code, subject))
    : outputOf(parsed, code, subject);
}

function outputOf(
  result: StandardSchemaV1.Result<unknown>,
  code: ErrorCode,
  subject: string,
): unknown {
  if (!result.issues) return result.value;
  const issues = result.issues.map(toIssue);
  const shown = issues.slice(0, 3).map(({ path, message }) => (path ? `${path}: ${message}` : message));
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
