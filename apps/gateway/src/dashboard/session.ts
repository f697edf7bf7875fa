import { createHash, createHmac, scryptSync, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import { ROLES, type Role } from '../roles.js';

/** How long a login holds: a working day. */
const LIFETIME_MS = 12 * 3_600_000;
const NAME = 'goflow_session';
const KEY_BYTES = 32;

/**
 * Logins of people, each a signed cookie: nothing is kept here, so that it holds on every gateway that has the same tokens, and ends when
 * the tokens are changed. Scripts do not see it; from another site it comes along with a link that is followed, and with
 * nothing else.
 */
export class Sessions {
  readonly #key: Buffer;
  readonly #now: () => number;

  constructor(tokens: Readonly<Record<Role, readonly string[]>>, now: () => number = Date.now) {
    const all = ROLES.map((role) => [role, ...[...tokens[role]].sort()]);
    // Slow on purpose: who has a cookie could try tokens by it, and ask nobody.
    this.#key = scryptSync(JSON.stringify(all), 'goflow session', KEY_BYTES);
    this.#now = now;
  }

  /** The role that the cookie of a request says; `undefined` without one, or when it is forged or too old. */
  roleOf(request: Request): Role | undefined {
    const [role = '', expires = '', signature = ''] = cookieOf(request).split('.');
    const isOurs = equal(this.#sign(`${role}.${expires}`), signature);
    if (!isOurs || Number(expires) < this.#now()) return undefined;
    return ROLES.find((known) => known === role);
  }

  open(request: Request, response: Response, role: Role): void {
    const content = `${role}.${this.#now() + LIFETIME_MS}`;
    response.cookie(NAME, `${content}.${this.#sign(content)}`, {
      ...cookieOptions(request),
      maxAge: LIFETIME_MS,
    });
  }

  close(request: Request, response: Response): void {
    response.clearCookie(NAME, cookieOptions(request));
  }

  #sign(content: string): string {
    return createHmac('sha256', this.#key).update(content).digest('base64url');
  }
}

/** Sent over TLS only where the request came that way, also through a proxy: it says so in a header that can only make it stricter. */
function cookieOptions({ headers, secure }: Request) {
  const isSecure = secure || headers['x-forwarded-proto'] === 'https';
  return { httpOnly: true, sameSite: 'lax', path: '/dashboard', secure: isSecure } as const;
}

function cookieOf({ headers }: Request): string {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${NAME}=`))?.slice(NAME.length + 1) ?? '';
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const equal = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
