import { hash, timingSafeEqual } from 'node:crypto';

/** What opens a role: any of some bearer tokens. */
export interface RoleTokens<R extends string> {
  readonly role: R;
  readonly tokens: readonly string[];
}

/**
 * Tells whose token an `Authorization` header shows. All tokens are compared, and by digests, which are of one length: so that no time
 * tells how much of a token was right, or which one it was.
 */
export class TokenRoles<R extends string> {
  readonly #known: readonly (readonly [role: R, digest: Buffer])[];

  constructor(given: readonly RoleTokens<R>[]) {
    this.#known = given.flatMap(({ role, tokens }) =>
      tokens.map((token) => [role, digest(token)] as const),
    );
  }

  /** False where no token is asked for. */
  get areGiven(): boolean {
    return this.#known.length > 0;
  }

  /** `undefined` for a token that is none of them. */
  roleOf(authorization: string): R | undefined {
    const shown = digest(authorization.replace(/^bearer +/i, ''));
    const isBearer = /^bearer /i.test(authorization);
    let found: R | undefined;
    for (const [role, known] of this.#known) if (timingSafeEqual(known, shown)) found = role;
    return isBearer ? found : undefined;
  }
}

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');
