import { expect, test } from 'vitest';
import { httpOf } from './tokens.js';

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
