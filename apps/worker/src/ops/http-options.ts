import {
  checkDistinct,
  type ListenOptions,
  resolveListenOptions,
  resolveTokens,
  type Tokens,
  tokenMissing,
} from '@goflow/http/server';
import { checkKnown, invalidOption } from '@goflow/shared';

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
export interface ResolvedHttpOptions extends ListenOptions {
  /** Empty where none is asked for. */
  readonly tokens: readonly string[];
  readonly readTokens: readonly string[];
}

/** @throws OPTION_INVALID */
export function resolveHttpOptions(given: HttpOptions): ResolvedHttpOptions {
  if (typeof given !== 'object' || given === null)
    throw invalidOption('http', 'an object with a port', given);
  checkKnown('http options', given, ['port', 'host', 'token', 'readToken']);
  const tokens = resolveTokens('http.token', given.token);
  const readTokens = resolveTokens('http.readToken', given.readToken);
  const listen = resolveListenOptions(given, {
    hasTokens: tokens.length > 0,
    tokenName: 'http.token',
  });
  if (readTokens.length > 0 && tokens.length === 0)
    throw tokenMissing('http.token', 'given where http.readToken is');
  checkDistinct(['http.readToken', readTokens], ['http.token', tokens]);
  return Object.freeze({ ...listen, tokens, readTokens });
}
