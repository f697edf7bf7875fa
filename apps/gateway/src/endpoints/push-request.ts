import { GoflowError, PUSH_OPTIONS, type PushOptions } from '@goflow/shared';

/** The body of a push: the payload, and beside it the options of the SDK's `push` by the same names. */
export interface PushBody extends PushOptions {
  readonly payload: unknown;
}

const KNOWN: ReadonlySet<string> = new Set(['payload', ...PUSH_OPTIONS]);

/** What is right in an option, `push` checks. @throws REQUEST_INVALID naming the field */
export function pushRequestOf(body: unknown): PushBody {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || !('payload' in body))
    throw invalid('expected a JSON object like {"payload": …, "delay": "10m"}');
  const unknown = Object.keys(body).find((name) => !KNOWN.has(name));
  if (unknown !== undefined)
    throw invalid(
      `unknown field ${JSON.stringify(unknown.slice(0, 50))}; known are ${[...KNOWN].join(', ')}`,
    );
  return body as PushBody;
}

const invalid = (detail: string): GoflowError => new GoflowError('REQUEST_INVALID', detail);
