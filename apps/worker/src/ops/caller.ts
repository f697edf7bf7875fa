import type { Request } from 'express';
import type { ResolvedHttpOptions } from './http-options.js';

/** Who makes a request, as far as is known, for the audit trail. Behind a proxy it is the proxy's address. */
export type CallerOf = (request: Request) => string;

/** Whoever comes so far has the control token, where one is asked for. */
export function callerOf({ tokens }: ResolvedHttpOptions): CallerOf {
  const token = tokens.length > 0 ? 'control token, ' : '';
  return ({ socket }) => `${token}${socket.remoteAddress ?? 'unknown address'}`;
}
