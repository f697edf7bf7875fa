import { GoflowError } from '@goflow/shared';
import type { Request, RequestHandler, Response } from 'express';
import { isLoopback } from './listen-options.js';
import { networkOf } from './network-of.js';
import { sendProblem } from './problem.js';
import { type RoleTokens, TokenRoles } from './tokens.js';
import { WrongTokens } from './wrong-tokens.js';

/**
 * Refuses what a browser sends for another web page than one of this server: no page elsewhere may use that a browser reaches it, or is
 * logged in (cross-site request forgery). Programs send neither header.
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

/** Who may do what. */
export interface PermissionOptions<R extends string> {
  /** The roles: each may do what those before it may. */
  readonly ladder: readonly R[];
  readonly tokens: readonly RoleTokens<R>[];
  /** Another way to show who one is than a token, such as the cookie of a login. */
  readonly roleOf?: ((request: Request) => R | undefined) | undefined;
  readonly wrong?: WrongTokens | undefined;
}

/**
 * Lets through who shows a token that may do it; `response.locals.role` is its role. Without tokens only this machine's own names are
 * answered, so that a web page cannot reach the server through a name of its own that points here (DNS rebinding), and whoever asks has
 * the last role.
 */
export function createPermission<R extends string>(
  options: PermissionOptions<R>,
): (needed: R) => RequestHandler {
  const { ladder, tokens } = options;
  const roles = new TokenRoles(tokens);
  const findRole = roles.areGiven ? shownRole(roles, options) : ownRole(ladder);
  return (needed) => (request, response, next) => {
    const role = findRole(request, response);
    if (role === undefined) return;
    response.locals.role = role;
    if (ladder.indexOf(role) >= ladder.indexOf(needed)) next();
    else sendProblem(response, new GoflowError('FORBIDDEN', `this token may ${role} only`));
  };
}

/** Answers itself where there is none. */
type FindRole<R> = (request: Request, response: Response) => R | undefined;

function ownRole<R extends string>(ladder: readonly R[]): FindRole<R> {
  return (request, response) => (isOwnName(request) ? ladder.at(-1) : unauthorized(response));
}

function shownRole<R extends string>(
  roles: TokenRoles<R>,
  { roleOf, wrong = new WrongTokens() }: PermissionOptions<R>,
): FindRole<R> {
  return (request, response) => {
    const { authorization } = request.headers;
    // Not a guess: who asks without a token is only told that one is needed.
    if (authorization === undefined) return roleOf?.(request) ?? unauthorized(response);
    // Whatever others of this address have shown: behind a proxy they are all one address.
    return roles.roleOf(authorization) ?? refuseWrong(request, response, wrong);
  };
}

function refuseWrong(request: Request, response: Response, wrong: WrongTokens): undefined {
  const network = networkOf(request.socket.remoteAddress ?? '');
  const seconds = wrong.waitSeconds(network);
  if (seconds > 0) return tooMany(response, seconds);
  wrong.count(network);
  return unauthorized(response);
}

function unauthorized(response: Response): undefined {
  response.setHeader('WWW-Authenticate', 'Bearer');
  const message = 'a bearer token is needed, and the right one';
  return refused(response, new GoflowError('UNAUTHORIZED', message));
}

function tooMany(response: Response, seconds: number): undefined {
  response.setHeader('Retry-After', String(seconds));
  const message = `too many wrong tokens: ask again in ${seconds} s`;
  return refused(response, new GoflowError('TOO_MANY_REQUESTS', message));
}

function refused(response: Response, error: GoflowError): undefined {
  sendProblem(response, error);
  return undefined;
}

/** Whether this machine was asked by one of its own names, which no web page elsewhere can do. */
export function isOwnName({ hostname }: Request): boolean {
  return hostname === undefined || isLoopback(hostname.replace(/^\[|\]$/g, ''));
}
