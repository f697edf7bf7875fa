import { GoflowError, isGoflowError } from '@goflow/shared';
import type { HttpOptions } from '../ops/http-options.js';
import { readSecretFile } from './secret-file.js';

/** What a variable of the environment gives: one token, or one a line while tokens are changed. */
export type GivenTokens = string | readonly string[];

/**
 * Reads tokens from the environment: from the file that `<name>_FILE` names, else from `<name>`. A file without any is no token, but
 * not "none": an empty one is given, which is refused where it is used.
 *
 * @throws OPTION_INVALID naming the variable, when the file cannot be read
 */
export function readTokens(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): GivenTokens | undefined {
  const file = env[`${name}_FILE`];
  if (file) return toTokens(readFile(`${name}_FILE`, file));
  const text = env[name];
  return text ? toTokens(text) : undefined;
}

/**
 * What `make` makes of tokens that {@link readTokens} read; where it refuses them, the error names the variables in place of the options.
 *
 * @param variables by option: `{ 'http.token': 'GOFLOW_TOKEN' }`
 * @throws what `make` throws
 */
export function namingTokens<T>(
  variables: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
  make: () => T,
): T {
  try {
    return make();
  } catch (cause) {
    if (!isGoflowError(cause, 'OPTION_INVALID')) throw cause;
    const message = Object.entries(variables).reduce(
      (text, [option, name]) =>
        text.replaceAll(option, env[`${name}_FILE`] ? `${name}_FILE` : name),
      cause.message,
    );
    throw new GoflowError('OPTION_INVALID', message, { cause });
  }
}

/** What an HTTP face is made of. */
interface HttpSettings extends Omit<HttpOptions, 'port'> {
  readonly port: number | undefined;
}

/**
 * The HTTP face that was asked for; `undefined` where none was.
 *
 * @throws OPTION_INVALID for a token without a port: nothing would ask for it
 */
export function httpOf({ port, host, token, readToken }: HttpSettings): HttpOptions | undefined {
  if (port !== undefined) return { port, host, token, readToken };
  const given = token === undefined ? 'GOFLOW_READ_TOKEN' : 'GOFLOW_TOKEN';
  if (token === undefined && readToken === undefined) return undefined;
  const message = `${given} is given, but no --port (or GOFLOW_PORT): nothing would ask for the token`;
  throw new GoflowError('OPTION_INVALID', message);
}

function readFile(name: string, file: string): string {
  try {
    return readSecretFile(file);
  } catch (cause) {
    const { message } = cause as GoflowError;
    throw new GoflowError('OPTION_INVALID', `${name}: ${message}`, { cause });
  }
}

function toTokens(text: string): GivenTokens {
  const lines = text.split('\n').map((line) => line.trim());
  const tokens = lines.filter((line) => line !== '');
  return tokens.length > 1 ? tokens : (tokens[0] ?? '');
}
