import { isLoopback } from '@goflow/http';
import { isGoflowError } from '@goflow/shared';
import { expect, test } from 'vitest';
import { type HttpOptions, resolveHttpOptions } from './http-options.js';

const TOKEN = 'sixteen letters!';

test('with only a port it listens on this machine’s own address, without a token', () => {
  const resolved = resolveHttpOptions({ port: 9464 });
  expect(resolved).toEqual({ port: 9464, host: '127.0.0.1', tokens: [], readTokens: [] });
  expect(Object.isFrozen(resolved)).toBe(true);
});

test.each([0, 1, 65_535])('port %s is taken', (port) => {
  expect(resolveHttpOptions({ port }).port).toBe(port);
});

test.each([-1, 65_536, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '80', null, undefined, {}])(
  'port %s is refused',
  (port) => {
    expect(refusalOf({ port: port as number })).toBe('http.port');
  },
);

test.each(['localhost', 'LocalHost', '127.0.0.1', '127.1.2.3', '::1'])(
  '%s is this machine’s own, and needs no token',
  (host) => {
    expect(isLoopback(host)).toBe(true);
    expect(resolveHttpOptions({ port: 0, host })).toMatchObject({ host, tokens: [] });
  },
);

const REACHABLE =
  '0.0.0.0 :: ::2 10.0.0.1 192.168.1.1 169.254.169.254 worker.example.com 1.127.0.0.1 127.0.0 127.0.0.1.example.com ' +
  'localhost.example.com notlocalhost';

test.each(REACHABLE.split(' '))('%s can be reached by others, and needs a token', (host) => {
  expect(isLoopback(host)).toBe(false);
  expect(refusalOf({ port: 0, host })).toBe('http.token');
  expect(resolveHttpOptions({ port: 0, host, token: TOKEN })).toEqual({
    port: 0,
    host,
    tokens: [TOKEN],
    readTokens: [],
  });
});

test.each(['', null, 7, {}])('the address %j is refused', (host) => {
  const refused = refusalOf({ port: 0, host: host as string, token: TOKEN });
  // null is as good as nothing given.
  expect(refused).toBe(host === null ? 'nothing was refused' : 'http.host');
});

const WRONG_TOKENS = [
  '',
  'short',
  'fifteen letters',
  null,
  1234567890123456,
  {},
  [],
  ['short'],
  [TOKEN, null],
  ` ${TOKEN}`,
  `${TOKEN} `,
  `${TOKEN}\n`,
  `${TOKEN}\u0000x`,
  `${TOKEN}é`,
  'x'.repeat(1_001),
  Array.from({ length: 11 }, (_, index) => `${TOKEN}${index}`),
];

test.each(WRONG_TOKENS)('the token %j is refused, and not shown', (token) => {
  const given = { port: 0, token: token as string };
  expect(refusalOf(given)).toBe('http.token');
  expect(refusalOf({ port: 0, token: 'the control token', readToken: token as string })).toBe(
    'http.readToken',
  );
  for (const one of [token].flat())
    if (typeof one === 'string' && one !== '') expect(messageOf(given)).not.toContain(one);
});

test('several tokens are good at once, for the time in which they are changed', () => {
  const token = Array.from({ length: 10 }, (_, index) => `${TOKEN}${index}`);
  expect(resolveHttpOptions({ port: 0, token, readToken: TOKEN })).toMatchObject({
    tokens: token,
    readTokens: [TOKEN],
  });
});

test('a token for reading needs one for control, and is another', () => {
  expect(refusalOf({ port: 0, readToken: TOKEN })).toBe('http.token');
  expect(refusalOf({ port: 0, token: TOKEN, readToken: [`${TOKEN}2`, TOKEN] })).toBe(
    'http.readToken',
  );
});

test.each([null, 9464, 'localhost:9464', true])('%j is no set of options', (given) => {
  expect(refusalOf(given as unknown as HttpOptions)).toBe('http');
});

test('an option that does not exist is refused', () => {
  expect(refusalOf({ port: 0, tls: true } as HttpOptions)).toBe('http options');
});

function messageOf(given: HttpOptions): string {
  try {
    resolveHttpOptions(given);
  } catch (error) {
    return String(error);
  }
  throw new Error('nothing was refused');
}

function refusalOf(given: HttpOptions): string {
  try {
    resolveHttpOptions(given);
  } catch (error) {
    if (isGoflowError(error, 'OPTION_INVALID')) return (error.details as { option: string }).option;
    throw error;
  }
  return 'nothing was refused';
}
