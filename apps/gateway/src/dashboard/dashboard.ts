import { isOwnName, refuseOtherSites, TokenRoles } from '@goflow/http';
import { GoflowError } from '@goflow/shared';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import helmet from 'helmet';
import { callerOf } from '../caller.js';
import type { GatewayDeps } from '../gateway-deps.js';
import type { HeldRequests } from '../requests/held-requests.js';
import { ROLES, type Role } from '../roles.js';
import { serveAsset } from './assets.js';
import { BOARD, boardRouter } from './board/board.js';
import { errorPages } from './errors.js';
import { formOf, send } from './exchange.js';
import { bodyOf, documentOf } from './layout.js';
import { liveStream } from './live.js';
import { logins } from './logins.js';
import { type Action, type Page, type PageRequest, pageRequestOf } from './page.js';
import { nothingHere } from './pages/nothing-here.js';
import { pageSetOf } from './pages.js';
import { Sessions } from './session.js';

/** Nothing from elsewhere, nothing inline: what is put into a page cannot run, even if it were not escaped. */
const POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
  },
};

/** The pages of people, below `/dashboard`. */
export function createDashboard(deps: GatewayDeps): Router {
  const { tokens } = deps.options;
  const roles = new TokenRoles(ROLES.map((role) => ({ role, tokens: tokens[role] })));
  const sessions = new Sessions(tokens);
  const router = express.Router({ caseSensitive: true, strict: false });
  router.use(
    helmet({
      contentSecurityPolicy: POLICY,
      strictTransportSecurity: false,
      // Without any, forms of our own would come from nowhere: browsers then send `Origin: null`.
      referrerPolicy: { policy: 'same-origin' },
    }),
  );
  router.use(keepNothing, refuseForeign);
  router.get('/assets/:name', serveAsset);
  if (roles.areGiven) logins(router, { roles, sessions });
  const hasLogin = roles.areGiven;
  const roleOf = (request: Request): Role | undefined => {
    if (hasLogin) return sessions.roleOf(request);
    return isOwnName(request) ? 'operate' : undefined;
  };
  router.use(onlyKnown({ roleOf, hasLogin }));
  router.use(BOARD, boardRouter(deps));
  const { pages, actions } = pageSetOf(deps);
  for (const page of pages) addPage(router, page, { open: deps.held.pages, hasLogin, roleOf });
  for (const action of actions) addAction(router, action, hasLogin);
  router.use((_request, response) => notFound(response, hasLogin));
  router.use(errorPages(hasLogin));
  return router;
}

/** A link elsewhere may lead here, to a page of its own; nothing else that another site starts is answered. */
const refuseForeign: RequestHandler = (request, response, next) => {
  const { headers, method } = request;
  const isLink = method === 'GET' && headers['sec-fetch-dest'] === 'document';
  if (isLink) next();
  else refuseOtherSites(request, response, next);
};

/** Nobody keeps an answer: it is of this moment, and of who is logged in. */
const keepNothing: RequestHandler = (_request, response, next) => {
  response.setHeader('Cache-Control', 'no-store');
  next();
};

/** Who may look, and as what. */
interface Visitors {
  /** Whether there is a login; without tokens only this machine's own names are answered. */
  readonly hasLogin: boolean;
  /** `undefined` for who is not logged in, or not any more. */
  readonly roleOf: (request: Request) => Role | undefined;
}

/** Sends who is not logged in to the login. */
function onlyKnown({ hasLogin, roleOf }: Visitors): RequestHandler {
  return (request, response, next) => {
    const role = roleOf(request);
    response.locals.role = role;
    if (role !== undefined) return next();
    if (!hasLogin)
      throw new GoflowError(
        'FORBIDDEN',
        'without tokens only this machine’s own names are answered',
      );
    // A stream, or a form whose login is over: there is no page to come back to.
    if (request.method !== 'GET' || request.query.live !== undefined)
      throw new GoflowError('UNAUTHORIZED', 'log in again at /dashboard/login');
    response.redirect(303, `/dashboard/login?next=${encodeURIComponent(request.originalUrl)}`);
  };
}

interface PageDeps extends Visitors {
  /** Those that are told anew. */
  readonly open: HeldRequests;
}

/** `GET <path>` shows it; with `?live=1` it is a stream of what it shows. */
function addPage(router: Router, page: Page, { open, hasLogin, roleOf }: PageDeps): void {
  const askOf = (request: Request, response: Response): PageRequest =>
    pageRequestOf(request, response.locals.role as Role);
  const stream = liveStream(open, (request, response) => {
    const asked = askOf(request, response);
    const render = async () => {
      const content = await page.show(asked);
      if (!content || 'goTo' in content) return undefined;
      return { html: bodyOf(content), isFinal: content.isFinal ?? false };
    };
    return { render, isKnown: () => roleOf(request) !== undefined };
  });
  router.get(page.path, async (request, response, next) => {
    if (request.query.live !== undefined) return stream(request, response, next);
    const content = await page.show(askOf(request, response));
    if (!content) return notFound(response, hasLogin);
    if ('goTo' in content) return response.redirect(303, `/dashboard${content.goTo}`);
    const { role, query } = askOf(request, response);
    const notice = isFromElsewhere(request) ? undefined : query.notice;
    const frame = { section: page.section, role, hasLogin, notice };
    const live = content.isFinal ? undefined : liveUrlOf(request);
    send(response, documentOf(content, { ...frame, live }));
  });
}

/** A link of somebody else's could say anything in our name. */
function isFromElsewhere({ headers }: Request): boolean {
  const site = headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin';
}

function liveUrlOf({ originalUrl }: Request): string {
  const url = new URL(originalUrl, 'http://gateway');
  url.searchParams.delete('notice');
  url.searchParams.set('live', '1');
  return `${url.pathname}${url.search}`;
}

function addAction(
  router: Router,
  { path, role: needed, maxForm, run }: Action,
  hasLogin: boolean,
): void {
  router.post(path, async (request, response) => {
    const { role } = response.locals as { role: Role };
    if (ROLES.indexOf(role) < ROLES.indexOf(needed))
      throw new GoflowError('FORBIDDEN', `this login may ${role} only`);
    const form = await formOf(request, maxForm);
    const by = callerOf(request, role);
    const done = await run({ ...pageRequestOf(request, role), form, by });
    if ('again' in done) {
      const { again, section } = done;
      return send(response.status(422), documentOf(again, { section, role, hasLogin }));
    }
    const { back, notice } = done;
    const url = new URL(`/dashboard${back}`, 'http://gateway');
    if (notice !== undefined) url.searchParams.set('notice', notice);
    response.redirect(303, `${url.pathname}${url.search}`);
  });
}

function notFound(response: Response, hasLogin: boolean): void {
  const { role } = response.locals as { role: Role };
  send(response.status(404), documentOf(nothingHere(), { role, hasLogin }));
}
