import { networkOf, type TokenRoles, WrongTokens } from '@goflow/http';
import type { Router } from 'express';
import type { Role } from '../roles.js';
import { formOf, send } from './exchange.js';
import { documentOf } from './layout.js';
import { loginPage } from './login.js';
import type { Sessions } from './session.js';

/** A token and a path. On all connections together still less than bodies may have: here anyone may send one. */
const MAX_LOGIN = 10 * 1024;

/** Adds logging in, with a token, and out. Wrong tokens of one address are counted, as they are for programs. */
export function logins(
  router: Router,
  { roles, sessions }: { readonly roles: TokenRoles<Role>; readonly sessions: Sessions },
): void {
  const wrong = new WrongTokens();
  const page = (next: string, why?: string): string =>
    documentOf(loginPage({ next, why }), { hasLogin: true });
  router.get('/login', (request, response) => {
    send(response, page(ownPath(request.query.next)));
  });
  router.post('/login', async (request, response) => {
    const { token = '', next } = await formOf(request, MAX_LOGIN);
    const role = roles.roleOf(`Bearer ${token.trim()}`);
    if (role !== undefined) {
      sessions.open(request, response, role);
      return response.redirect(303, ownPath(next));
    }
    const network = networkOf(request.socket.remoteAddress ?? '');
    const seconds = wrong.waitSeconds(network);
    if (seconds > 0) {
      response.setHeader('Retry-After', String(seconds));
      const why = `Too many wrong tokens: try again in ${seconds} s.`;
      return send(response.status(429), page(ownPath(next), why));
    }
    wrong.count(network);
    return send(response.status(401), page(ownPath(next), 'This is no token of this gateway.'));
  });
  router.post('/logout', (request, response) => {
    sessions.close(request, response);
    response.redirect(303, '/dashboard/login');
  });
}

/** A page of the dashboard, whatever was asked for: nobody is sent elsewhere. */
function ownPath(next: unknown): string {
  if (typeof next !== 'string' || !URL.canParse(next, 'http://gateway')) return '/dashboard';
  const { origin, pathname, search } = new URL(next, 'http://gateway');
  const isOwn = origin === 'http://gateway' && /^\/dashboard(\/|$)/.test(pathname);
  return isOwn ? `${pathname}${search}` : '/dashboard';
}
