import { checkInteger, checkKnown, invalidOption } from '@goflow/shared';

/** Where a worker serves metrics, health and live concurrency. */
export interface HttpOptions {
  /** 0 to 65,535; 0 takes any free one. */
  readonly port: number;
  /** The address to listen on. Any other than this machine's own needs a `token`. @default '127.0.0.1' */
  readonly host?: string | undefined;
  /**
   * The bearer token for everything but `/livez`, `/readyz` and `/metrics`: at least 16 characters. @default none: who reaches
   * this machine's own address may change the concurrency
   */
  readonly token?: string | undefined;
}

/** {@link HttpOptions} with defaults filled in. */
export interface ResolvedHttpOptions {
  readonly port: number;
  readonly host: string;
  readonly token: string | undefined;
}

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|::1)$/i;
const MIN_TOKEN = 16;

/** True for an address that only this machine reaches. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

/** @throws OPTION_INVALID */
export function resolveHttpOptions(given: HttpOptions): ResolvedHttpOptions {
  if (typeof given !== 'object' || given === null)
    throw invalidOption('http', 'an object with a port', given);
  checkKnown('http options', given, ['port', 'host', 'token']);
  const host = given.host ?? '127.0.0.1';
  if (typeof host !== 'string' || host === '') throw invalidOption('http.host', 'an address', host);
  const token = given.token;
  if (token !== undefined && (typeof token !== 'string' || token.length < MIN_TOKEN))
    throw invalidOption('http.token', `at least ${MIN_TOKEN} characters`, '(not shown)');
  if (!isLoopback(host) && token === undefined)
    throw invalidOption(
      'http.token',
      `given when listening on ${host}, which others can reach`,
      undefined,
    );
  return Object.freeze({ port: checkInteger('http.port', given.port, [0, 65_535]), host, token });
}
