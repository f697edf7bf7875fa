import { createHash } from 'node:crypto';
import { HttpRefusal } from '@goflow/http';
import type { PushOptions } from '@goflow/shared';
import type { Request } from 'express';

/** As W3C Trace Context writes it. One that is malformed is passed over, as it asks for. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;
const KEY = /^[ -~]{1,255}$/;

/** Makes the own ids of the tasks of a request; `undefined` for a request without an `Idempotency-Key`. */
export type IdOf = ((index?: number) => string) | undefined;

/**
 * A repeated request is the same task, in Redis and so on any replica: its id follows from the key.
 *
 * @throws REQUEST_INVALID for a key that is not 1 to 255 printable ASCII characters, or is given twice
 */
export function idempotencyOf(request: Request): IdOf {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  // Made when it is asked for, from all headers.
  const times = request.headersDistinct['idempotency-key']?.length;
  if (typeof key !== 'string' || !KEY.test(key) || times !== 1)
    throw new HttpRefusal(400, 'an Idempotency-Key is 1 to 255 printable ASCII characters, once');
  const hash = createHash('sha256').update(key).digest('base64url');
  return (index) => (index === undefined ? `idempotency:${hash}` : `idempotency:${hash}:${index}`);
}

/**
 * The options of one task: what the body says, the id of its key, the trace that the request is part of.
 *
 * @throws REQUEST_INVALID where key and body both say what makes the task the only one
 */
export function withHeaders(
  options: PushOptions,
  { headers }: Pick<Request, 'headers'>,
  id: string | undefined,
): PushOptions {
  const { traceparent } = headers;
  const isTraced = typeof traceparent === 'string' && TRACEPARENT.test(traceparent);
  const given =
    isTraced && options.traceparent === undefined ? { ...options, traceparent } : options;
  if (id === undefined) return given;
  for (const name of ['id', 'deduplicationKey'] as const)
    if (options[name] !== undefined)
      throw new HttpRefusal(400, `there is an Idempotency-Key, and so no \`${name}\``);
  return { ...given, id };
}
