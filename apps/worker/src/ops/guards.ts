import { createHash, timingSafeEqual } from 'node:crypto';
import { GoflowError } from '@goflow/shared';
import type { RequestHandler } from 'express';
import { isLoopback, type ResolvedHttpOptions } from './http-options.js';
import { sendProblem } from './problem.js';

/**
 * Lets through who shows the token. Without a token only this machine's own names are answered, so that a web page cannot
 * reach the worker through a name of its own that points here (DNS rebinding).
 */
export function requirePermission({ token }: ResolvedHttpOptions): RequestHandler {
  const expected = token === undefined ? undefined : digest(`Bearer ${token}`);
  return function permission(request, response, next) {
    if (
      expected === undefined
        ? isOwnName(request.hostname)
        : matches(expected, request.headers.authorization)
    ) {
      next();
      return;
    }
    response.setHeader('WWW-Authenticate', 'Bearer');
    sendProblem(
      response,
      new GoflowError('UNAUTHORIZED', 'a bearer token is needed, and the right one'),
    );
  };
}

/** Digests are of one length, so that the comparison takes the same time for every wrong token. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function matches(expected: Buffer, authorization: string | undefined): boolean {
  return timingSafeEqual(expected, digest(authorization ?? ''));
}

function isOwnName(hostname: string | undefined): boolean {
  return hostname === undefined || isLoopback(hostname.replace(/^\[|\]$/g, ''));
}
