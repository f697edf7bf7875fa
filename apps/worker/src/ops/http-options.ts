import { checkInteger, checkKnown, invalidOption } from '@goflow/shared';

/** One token, or up to 10 of them that all open: while tokens are changed, the old one and the new one. */
export type Tokens = string | readonly string[];

/** Where a worker serves metrics, health and live concurrency. */
export interface HttpOptions {
  /** 0 to 65,535; 0 takes any free one. */
  readonly port: number;
  /** The address to listen on. Any other than this machine's own needs a `token`. @default '127.0.0.1' */
  readonly host?: string | undefined;
  /**
   * The bearer token of who may change the concurrency, and read all: 16 to 1,000 printable ASCII characters. It is asked for
   * everything but `/livez`, `/readyz` and, without a `readToken`, `/metrics`. @default none: who reaches this machine's own address
   * under one of its own names may change the concurrency
   */
  readonly token?: Tokens | undefined;
  /**
   * The bearer token of who may read only: `GET /metrics`, `/concurrency` and `/herd`. With it, `/metrics` asks for a token, too.
   * Needs a `token`, and differs from it. @default none
   */
  readonly readToken?: Tokens | undefined;
}

/** {@link HttpOptions} with defaults filled in. */
export interface ResolvedHttpOptions {
  readonly port: number;
  readonly host: string;
  /** Empty where none is asked for. */
  readonly tokens: readonly string[];
  readonly readTokens: readonly string[];
}

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|::1)$/i;
const MIN_TOKEN = 16;
const MAX_TOKEN = 1_000;
const MAX_TOKENS = 10;
/** What a header can carry unchanged: no other characters, and no space at an end. */
const PRINTABLE = /^[!-~][ -~]*[!-~]$/;

/** True for an address that only this machine reaches. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

/** @throws OPTION_INVALID */
export function resolveHttpOptions(given: HttpOptions): ResolvedHttpOptions {
  if (typeof given !== 'object' || given === null)
    throw invalidOption('http', 'an object with a port', given);
  checkKnown('http options', given, ['port', 'host', 'token', 'readToken']);
  const host = given.host ?? '127.0.0.1';
  if (typeof host !== 'string' || host === '') throw invalidOption('http.host', 'an address', host);
  const tokens = resolveTokens('http.token', given.token);
  const readTokens = resolveTokens('http.readToken', given.readToken);
  if (!isLoopback(host) && tokens.length === 0)
    throw invalidOption(
      'http.token',
      `given when listening on ${host}, which others can reach`,
      undefined,
    );
  if (readTokens.length > 0 && tokens.length === 0)
    throw invalidOption('http.token', 'given where http.readToken is', undefined);
  if (readTokens.some((token) => tokens.includes(token)))
    throw invalidOption('http.readToken', 'another than http.token', NOT_SHOWN);
  const port = checkInteger('http.port', given.port, [0, 65_535]);
  return Object.freeze({ port, host, tokens, readTokens });
}

const NOT_SHOWN = '(not shown)';

function resolveTokens(name: string, given: unknown): readonly string[] {
  if (given === undefined) return [];
  const tokens: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (tokens.length === 0 || tokens.length > MAX_TOKENS)
    throw invalidOption(name, `one token, or 1 to ${MAX_TOKENS} of them`, NOT_SHOWN);
  return Object.freeze(tokens.map((token) => checkToken(name, token)));
}

function checkToken(name: string, token: unknown): string {
  if (typeof token !== 'string' || token.length < MIN_TOKEN || token.length > MAX_TOKEN)
    throw invalidOption(name, `${MIN_TOKEN} to ${MAX_TOKEN} characters`, NOT_SHOWN);
  if (!PRINTABLE.test(token))
    throw invalidOption(name, 'printable ASCII, with no space at an end', NOT_SHOWN);
  return token;
}
