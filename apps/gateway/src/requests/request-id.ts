import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';

/** Printable ASCII without spaces: what a log and a header can carry unchanged. */
const WELL_FORMED = /^[!-~]{1,128}$/;

/**
 * Gives each request an id: its `X-Request-Id` where that is 1 to 128 printable ASCII characters, else a new one. It is in the answer,
 * in problems, and in `response.locals.requestId`.
 */
export const identify: RequestHandler = (request, response, next) => {
  const given = request.headers['x-request-id'];
  const isTaken = typeof given === 'string' && WELL_FORMED.test(given);
  const requestId = isTaken ? given : randomUUID();
  response.locals.requestId = requestId;
  response.setHeader('X-Request-Id', requestId);
  next();
};
