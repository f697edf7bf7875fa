import { expect, test } from 'vitest';
import { resolveHttpOptions } from '../ops/http-options.js';
import { httpOf, namingTokens } from './tokens.js';

const TOKEN = 'canary-of-sixteen';
const NONE = { port: undefined, host: '127.0.0.1' };

test('without a port there is no HTTP face', () => {
  expect(httpOf(NONE)).toBeUndefined();
  const all = { port: 0, host: '127.0.0.1', token: TOKEN, readToken: [TOKEN] };
  expect(httpOf(all)).toEqual(all);
});

test.each([
  ['GOFLOW_TOKEN', { token: TOKEN }],
  ['GOFLOW_TOKEN', { token: '' }],
  ['GOFLOW_READ_TOKEN', { readToken: [TOKEN] }],
])('a token that nothing would ask for is refused, and not shown: %s', (name, given) => {
  const refuse = (): unknown => httpOf({ ...NONE, ...given });
  expect(refuse).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  expect(refuse).toThrow(`${name} is given, but no --port`);
  expect(refuse).not.toThrow('canary');
});

test.each([
  [{}, 'Expected `GOFLOW_TOKEN` to be given where GOFLOW_READ_TOKEN is'],
  [{ GOFLOW_READ_TOKEN_FILE: '/run/t' }, 'given where GOFLOW_READ_TOKEN_FILE is'],
])('what is refused of tokens is told by the names of the variables, with %j', (env, told) => {
  const names = { 'http.token': 'GOFLOW_TOKEN', 'http.readToken': 'GOFLOW_READ_TOKEN' };
  const refuse = () =>
    namingTokens(names, env, () => resolveHttpOptions({ port: 0, readToken: TOKEN }));
  expect(refuse).toThrow(told);
  expect(refuse).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  expect(refuse).not.toThrow(/undefined|http\./);
});
