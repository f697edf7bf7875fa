import { toMs } from '@goflow/shared';
import type { Response } from 'express';
import { type JsonSchema, told } from '../openapi/parts.js';

/** Less than most proxies wait for an answer. */
const DEFAULT = '10s';
const BOUNDS = { minMs: 1, maxMs: 60_000 };

/** How it is described. */
export const WITHIN: JsonSchema = told(
  { type: ['string', 'integer'], default: DEFAULT },
  'How long it may take, `1ms` to `60s`, or milliseconds; the answer tells how far it came.',
);

/** Aborts when the time is over that a request gives it, or when nobody waits for the answer any more. @throws OPTION_INVALID */
export function endOf(response: Response, within: unknown = DEFAULT): AbortSignal {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), toMs('within', within, BOUNDS));
  response.once('close', () => {
    clearTimeout(timer);
    end.abort();
  });
  return end.signal;
}
