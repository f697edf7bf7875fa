import { ERRORS, type ErrorCode, GoflowError, isGoflowError } from '@goflow/shared';
import type { ErrorRequestHandler, Response } from 'express';
import { leaveUnread } from './leave-unread.js';

/** An answer of RFC 9457: `application/problem+json`. `code` is goflow's. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  /** Of the request, where requests have ids: `response.locals.requestId`. */
  readonly requestId?: string;
  /** The fields that are wrong, at most 100 of them. */
  readonly errors?: readonly FieldError[];
}

/** One field that is wrong, such as `items[2].price`; the path is empty for the whole. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** A malformed request that HTTP has a status of its own for, such as 413, 414 or 415. */
export class HttpRefusal extends GoflowError {
  readonly status: number;

  constructor(status: number, detail: string) {
    super('REQUEST_INVALID', detail);
    this.status = status;
  }
}

/** Answers with a problem. `more` adds members, as the RFC allows. `response.locals.error` is the error from then on, for a log. */
export function sendProblem(response: Response, error: GoflowError, more: object = {}): void {
  const { when } = ERRORS[error.code];
  const status = statusOf(error);
  const { requestId } = response.locals as { requestId?: string };
  const errors = fieldErrorsOf(error);
  response.locals.error = error;
  const problem: Problem = {
    type: `urn:goflow:error:${error.code}`,
    title: when,
    status,
    detail: error.message,
    code: error.code,
    ...(requestId === undefined ? {} : { requestId }),
    ...(errors === undefined ? {} : { errors }),
  };
  if ((status === 429 || status === 503) && !response.hasHeader('Retry-After'))
    response.setHeader('Retry-After', '1');
  leaveUnread(response);
  response
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ ...problem, ...more }));
}

/** What an error is answered with: that of its code, or what HTTP has for it: 413 for too large, 415 for an unknown encoding … */
export const statusOf = (error: GoflowError): number =>
  error instanceof HttpRefusal ? error.status : ERRORS[error.code].http;

/** Whatever a route throws leaves by this one door. */
export const answerErrors: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  if (!response.headersSent) {
    sendProblem(response, toGoflowError(error));
    return;
  }
  response.locals.error = error;
  response.destroy();
};

/** What a schema found. */
function fieldErrorsOf({ details }: GoflowError): readonly FieldError[] | undefined {
  const { issues } = (details ?? {}) as { issues?: unknown };
  if (!Array.isArray(issues)) return undefined;
  return (issues as FieldError[])
    .slice(0, MAX_FIELDS)
    .map(({ path, message }) => ({ path, message }));
}

const MAX_FIELDS = 100;

function toGoflowError(error: unknown): GoflowError {
  if (isGoflowError(error)) return error;
  const { status, message = '' } = (error ?? {}) as { status?: unknown; message?: string };
  const isRequest = typeof status === 'number' && status >= 400 && status < 500;
  // What the body parser refuses, and paths that cannot be decoded.
  if (isRequest) return new HttpRefusal(status, message.slice(0, MAX_DETAIL));
  return new GoflowError('INTERNAL', 'the server could not answer', { cause: error });
}

const MAX_DETAIL = 200;
