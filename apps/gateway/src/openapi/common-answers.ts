import { ERRORS } from '@goflow/shared';
import type { Endpoint } from '../endpoint.js';
import { ref } from './parts.js';

/** What many endpoints can answer beside their own: by name, with its status. */
const COMMON = {
  BadRequest: [400, 'Something in the request is wrong; `detail` names it.'],
  Unauthorized: [401, 'The bearer token is missing, or wrong.'],
  Forbidden: [403, 'The token may not do this.'],
  NotFound: [404, 'There is no such thing.'],
  TooLarge: [413, 'The body, or a payload, is too large.'],
  Unsupported: [415, 'The body is packed, or not in UTF-8.'],
  TooMany: [429, 'Ask again after `Retry-After` seconds.'],
  Unavailable: [503, 'Redis, or an answer in time: ask again.'],
} as const;

type Name = keyof typeof COMMON;

/** Of any endpoint, whatever it does. */
const OF_ALL: readonly Name[] = [
  'BadRequest',
  'Unauthorized',
  'Forbidden',
  'TooMany',
  'Unavailable',
];

/** `components.responses`: every error is a problem of RFC 9457. */
export const COMMON_RESPONSES: Readonly<Record<string, object>> = Object.fromEntries([
  ...Object.entries(COMMON).map(([name, [status, description]]) => [
    name,
    problemOf(`${description}\n\n${codesOf(status)}`),
  ]),
  ['Problem', problemOf('Anything else that went wrong.')],
]);

/** Those of one endpoint, by status. */
export function commonAnswersOf({ operation, path }: Endpoint): Readonly<Record<string, object>> {
  const names: Name[] = [...OF_ALL];
  if (path.includes('/:')) names.push('NotFound');
  if (operation.requestBody) names.push('TooLarge', 'Unsupported');
  const common = names.map((name) => [COMMON[name][0], responseRef(name)]);
  return { ...Object.fromEntries(common), default: responseRef('Problem') };
}

const responseRef = (name: Name | 'Problem'): object => ({
  $ref: `#/components/responses/${name}`,
});

/** An endpoint's own error has the body of all errors. */
export function withProblem(status: string, response: object): object {
  const isError = Number(status) >= 400;
  return isError && !('content' in response) ? { ...problemOf(''), ...response } : response;
}

function problemOf(description: string): object {
  return { description, content: { 'application/problem+json': { schema: ref('Problem') } } };
}

/** Which codes have this status: programs look at them. */
function codesOf(status: number): string {
  const entries = Object.entries(ERRORS).filter(([, { http }]) => http === status);
  const codes = entries.map(([code]) => code);
  // A malformed request has this code, whatever status HTTP has for it.
  if (status === 413 || status === 415) codes.push('REQUEST_INVALID');
  return `\`code\` is one of ${codes.join(', ')}.`;
}
