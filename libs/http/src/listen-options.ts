import { checkInteger, GoflowError, invalidOption } from '@goflow/shared';

/** One token, or up to 10 of them that all open: while tokens are changed, the old one and the new one. */
export type Tokens = string | readonly string[];

/** The address to listen on, and what opens it. */
export interface ListenOptions {
  readonly port: number;
  readonly host: string;
}

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|::1)$/i;
const MIN_TOKEN = 16;
const MAX_TOKEN = 1_000;
const MAX_TOKENS = 10;
/** What a header can carry unchanged: no other characters, and no space at an end. */
const PRINTABLE = /^[!-~][ -~]*[!-~]$/;
const NOT_SHOWN = '(not shown)';

/** True for an address that only this machine reaches. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

/**
 * Where to listen. An address that others reach is refused unless there are tokens.
 *
 * @throws OPTION_INVALID
 */
export function resolveListenOptions(
  given: { readonly port: unknown; readonly host?: unknown },
  { hasTokens, tokenName }: { readonly hasTokens: boolean; readonly tokenName: string },
): ListenOptions {
  const host = given.host ?? '127.0.0.1';
  if (typeof host !== 'string' || host === '') throw invalidOption('http.host', 'an address', host);
  if (!isLoopback(host) && !hasTokens)
    throw tokenMissing(tokenName, `given when listening on ${host}, which others can reach`);
  return { host, port: checkInteger('http.port', given.port, [0, 65_535]) };
}

/** A token has to be given, and is not. */
export function tokenMissing(name: string, rule: string): GoflowError {
  const details = { option: name, rule };
  return new GoflowError('OPTION_INVALID', `Expected \`${name}\` to be ${rule}`, { details });
}

/** @throws OPTION_INVALID, without the token */
export function resolveTokens(name: string, given: unknown): readonly string[] {
  if (given === undefined) return [];
  const tokens: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (tokens.length === 0 || tokens.length > MAX_TOKENS)
    throw invalidOption(name, `one token, or 1 to ${MAX_TOKENS} of them`, NOT_SHOWN);
  return Object.freeze(tokens.map((token) => checkToken(name, token)));
}

/** No token opens two roles. @throws OPTION_INVALID */
export function checkDistinct(
  [name, tokens]: readonly [string, readonly string[]],
  [otherName, others]: readonly [string, readonly string[]],
): void {
  if (tokens.some((token) => others.includes(token)))
    throw invalidOption(name, `another than ${otherName}`, NOT_SHOWN);
}

function checkToken(name: string, token: unknown): string {
  if (typeof token !== 'string' || token.length < MIN_TOKEN || token.length > MAX_TOKEN)
    throw invalidOption(name, `${MIN_TOKEN} to ${MAX_TOKEN} characters`, NOT_SHOWN);
  if (!PRINTABLE.test(token))
    throw invalidOption(name, 'printable ASCII, with no space at an end', NOT_SHOWN);
  return token;
}
