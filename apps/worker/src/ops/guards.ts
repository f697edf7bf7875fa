import { GoflowError } from '@goflow/shared';
import type { Request, RequestHandler, Response } from 'express';
import { isLoopback, type ResolvedHttpOptions } from './http-options.js';
import { networkOf } from './network-of.js';
import { sendProblem } from './problem.js';
import { type Role, TokenRoles } from './tokens.js';
import { WrongTokens } from './wrong-tokens.js';

/**
 * Refuses what a browser sends for another web page than one of this server. There is none, and no page elsewhere may use that a browser
 * reaches this machine (cross-site request forgery). Programs send neither header.
 */
export const refuseOtherSites: RequestHandler = (request, response, next) => {
  const site = request.headers['sec-fetch-site'];
  const { origin, host } = request.headers;
  const isOther =
    (site !== undefined && site !== 'same-origin' && site !== 'none') ||
    (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`);
  if (!isOther) next();
  else sendProblem(response, new GoflowError('FORBIDDEN', 'a web page elsewhere may not ask this'));
};

/**
 * Lets through who shows a token that may do it. Without tokens only this machine's own names are answered, so that a web page cannot
 * reach the worker through a name of its own that points here (DNS rebinding).
 */
export function createPermission(
  options: ResolvedHttpOptions,
  wrong = new WrongTokens(),
): (needed: Role) => RequestHandler {
  const roles = new TokenRoles(options);
  const isAllowed = roles.areGiven
    ? checkToken(roles, wrong)
    : (request: Request, response: Response) => isOwnName(request) || unauthorized(response);
  return (needed) => (request, response, next) => {
    if (isAllowed(request, response, needed)) next();
  };
}

type Check = (request: Request, response: Response, needed: Role) => boolean;

function checkToken(roles: TokenRoles, wrong: WrongTokens): Check {
  return (request, response, needed) => {
    const { authorization } = request.headers;
    // Not a guess: who asks without a token is only told that one is needed.
    if (authorization === undefined) return unauthorized(response);
    const role = roles.roleOf(authorization);
    if (role === undefined) return refuseWrong(request, response, wrong);
    // Whatever others of this address have shown: behind a proxy they are all one address.
    if (role === 'control' || needed === 'read') return true;
    return refused(response, new GoflowError('FORBIDDEN', 'this token may read only'));
  };
}

function refuseWrong(request: Request, response: Response, wrong: WrongTokens): false {
  const network = networkOf(request.socket.remoteAddress ?? '');
  const seconds = wrong.waitSeconds(network);
  if (seconds > 0) return tooMany(response, seconds);
  wrong.count(network);
  return unauthorized(response);
}

function unauthorized(response: Response): false {
  response.setHeader('WWW-Authenticate', 'Bearer');
  const message = 'a bearer token is needed, and the right one';
  return refused(response, new GoflowError('UNAUTHORIZED', message));
}

function tooMany(response: Response, seconds: number): false {
  response.setHeader('Retry-After', String(seconds));
  const message = `too many wrong tokens: ask again in ${seconds} s`;
  return refused(response, new GoflowError('TOO_MANY_REQUESTS', message));
}

function refused(response: Response, error: GoflowError): false {
  sendProblem(response, error);
  return false;
}

function isOwnName({ hostname }: Request): boolean {
  return hostname === undefined || isLoopback(hostname.replace(/^\[|\]$/g, ''));
}
