import { GoflowError } from '@goflow/shared';
import type { RequestHandler } from 'express';
import { HttpRefusal, sendProblem } from './problem.js';
import { MAX_HEADERS } from './server-limits.js';

const MAX_URL = 2_048;
/** More than a request may take to come in, and than Redis is waited for. */
const ANSWER_WITHIN_MS = 15_000;

/**
 * Refuses a request with a longer address or more headers than any client needs, without a host, or with two hosts or tokens. Node leaves out the headers above its limit without a
 * word, and one of them could be one that a guard looks for.
 */
export const refuseMalformed: RequestHandler = (request, _response, next) => {
  if (request.url.length > MAX_URL)
    throw new HttpRefusal(414, `an address has at most ${MAX_URL} characters`);
  if (request.rawHeaders.length > MAX_HEADERS * 2)
    throw new HttpRefusal(431, `a request has at most ${MAX_HEADERS} headers`);
  if (isGivenTwice('host', request.rawHeaders) || isGivenTwice('authorization', request.rawHeaders))
    throw new HttpRefusal(400, 'a header that is given once is given twice');
  const { host, expect } = request.headers;
  if (host === undefined && request.httpVersion === '1.1')
    throw new HttpRefusal(400, 'a request has a Host');
  if (expect !== undefined && !/100-continue/i.test(expect))
    throw new HttpRefusal(417, 'nothing but 100-continue can be expected');
  next();
};

/** Node takes the first one; who stands in front of this server may have looked at the other. */
function isGivenTwice(name: string, rawHeaders: readonly string[]): boolean {
  const isIt = (text: string, index: number): boolean =>
    index % 2 === 0 && text.length === name.length && text.toLowerCase() === name;
  return rawHeaders.filter(isIt).length > 1;
}

/** Answers in place of what hangs. */
export function answerWithin(ms = ANSWER_WITHIN_MS): RequestHandler {
  return (_request, response, next) => {
    const timer = setTimeout(() => {
      const message = `there was no answer within ${ms} ms`;
      if (!response.headersSent) sendProblem(response, new GoflowError('ANSWER_TIMEOUT', message));
    }, ms);
    response.once('close', () => clearTimeout(timer));
    next();
  };
}
