import { createHash, timingSafeEqual } from 'node:crypto';
import type { ResolvedHttpOptions } from './http-options.js';

/** Who may change the concurrency, and who may only look. */
export type Role = 'control' | 'read';

/**
 * Tells whose token an `Authorization` header shows. All tokens are compared, and by digests, which are of one length: so that no time
 * tells how much of a token was right, or which one it was.
 */
export class TokenRoles {
  readonly #known: readonly (readonly [role: Role, digest: Buffer])[];

  constructor({ tokens, readTokens }: ResolvedHttpOptions) {
    this.#known = [
      ...tokens.map((token) => ['control', digest(token)] as const),
      ...readTokens.map((token) => ['read', digest(token)] as const),
    ];
  }

  /** False where no token is asked for. */
  get areGiven(): boolean {
    return this.#known.length > 0;
  }

  /** `undefined` for a token that is none of them. */
  roleOf(authorization: string): Role | undefined {
    const shown = digest(authorization.replace(/^bearer +/i, ''));
    const isBearer = /^bearer /i.test(authorization);
    let found: Role | undefined;
    for (const [role, known] of this.#known) if (timingSafeEqual(known, shown)) found = role;
    return isBearer ? found : undefined;
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
