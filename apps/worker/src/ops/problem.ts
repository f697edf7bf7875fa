import { ERRORS, type ErrorCode, GoflowError, isGoflowError } from '@goflow/shared';
import type { ErrorRequestHandler, Response } from 'express';

/** An answer of RFC 9457: `application/problem+json`. `code` is goflow's. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
}

/** Answers with a problem. `more` adds members, as the RFC allows. */
export function sendProblem(response: Response, error: GoflowError, more: object = {}): void {
  const { http, when } = ERRORS[error.code];
  const status = statusOf(error) ?? http;
  const problem: Problem = {
    type: `urn:goflow:error:${error.code}`,
    title: when,
    status,
    detail: error.message,
    code: error.code,
  };
  response
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ ...problem, ...more }));
}

/** The status of what the body parser refused: 413 for too large, 415 for an unknown encoding … */
function statusOf(error: GoflowError): number | undefined {
  const status = (error.cause as { status?: unknown } | undefined)?.status;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

/** Whatever a route throws leaves by this one door. */
export const answerErrors: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  if (response.headersSent) response.destroy();
  else sendProblem(response, toGoflowError(error));
};

function toGoflowError(error: unknown): GoflowError {
  if (isGoflowError(error)) return error;
  const { status, message = '' } = error as { status?: unknown; message?: string };
  const isRequest = typeof status === 'number' && status >= 400 && status < 500;
  if (isRequest) return new GoflowError('REQUEST_INVALID', message, { cause: error });
  return new GoflowError('INTERNAL', 'the server could not answer', { cause: error });
}
