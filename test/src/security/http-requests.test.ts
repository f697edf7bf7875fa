import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { rawAsk } from './raw-http.js';
import { type ServedWorker, serveWorker } from './served-worker.js';

// What no client of ours would send, byte for byte, to a worker on this machine's own address, which asks for no token.

let served: ServedWorker;
beforeAll(async () => {
  served = await serveWorker();
});
afterAll(() => served.end());
afterEach(async () => {
  expect(served.worker.concurrency).toEqual({ default: 3 });
  expect(await served.works()).toBe(true);
});

const HOST = 'Host: localhost\r\n';
const GOOD = '{"concurrency":9,"num":9}';
/** A PATCH with a body and its length. */
const patch = (body: string, headers = '', path = '/concurrency'): string =>
  `PATCH ${path} HTTP/1.1\r\n${HOST}Content-Length: ${Buffer.byteLength(body, 'latin1')}\r\n${headers}\r\n${body}`;
const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\n${HOST}${headers}\r\n`;
const BOMB = gzipSync(Buffer.alloc(10_000_000)).toString('latin1');

describe('refused, and nothing changes', () => {
  test.each<[what: string, bytes: string, statuses: readonly number[]]>([
    ['no HTTP', 'hello\r\n\r\n', [400]],
    ['TLS to a port without it', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', [400]],
    ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]],
    ['no Host', 'GET /concurrency HTTP/1.1\r\n\r\n', [400]],
    ['two Hosts', get('/concurrency', 'Host: evil.example.com\r\n'), [400]],
    ['another Host', `GET /concurrency HTTP/1.1\r\nHost: evil.example.com\r\n\r\n`, [401]],
    ['a whole address of another host', get('http://evil.example.com/nowhere'), [404]],
    ['a page of another site', get('/concurrency', 'Sec-Fetch-Site: cross-site\r\n'), [403]],
    ['a page of another port', patch(GOOD, 'Sec-Fetch-Site: same-site\r\n'), [403]],
    ['a page of another origin', patch(GOOD, 'Origin: http://localhost:3000\r\n'), [403]],
    ['a page without an origin', patch(GOOD, 'Origin: null\r\n'), [403]],
    ['the metrics for a page of another origin', get('/metrics', 'Origin: http://evil\r\n'), [403]],
    ['headers of 10 KB', get('/concurrency', `X: ${'x'.repeat(10_000)}\r\n`), [431]],
    ['200 headers', get('/concurrency', 'X: y\r\n'.repeat(200)), [431]],
    [
      'an Origin behind 150 headers',
      patch(GOOD, `${'X: y\r\n'.repeat(150)}Origin: http://evil\r\n`),
      [431],
    ],
    ['an address of 3,000 characters', get(`/concurrency?${'x'.repeat(3_000)}`), [414]],
    ['an address of 9,000 characters', get(`/${'x'.repeat(9_000)}`), [431]],
    ['..%2f', get('/livez/..%2fconcurrency'), [404]],
    ['%2e%2e', get('/%2e%2e/%2e%2e/etc/passwd'), [404]],
    ['a path that cannot be decoded', get('/%ff%fe%00'), [404]],
    ['a NUL in the path', get('/concurrency\x00'), [400]],
    ['a path with two slashes', get('//concurrency'), [404]],
    ['another case', patch(GOOD, '', '/CONCURRENCY'), [404]],
    [
      'OPTIONS, as a browser asks before a PATCH',
      `OPTIONS /herd HTTP/1.1\r\n${HOST}Origin: http://evil\r\nAccess-Control-Request-Method: PATCH\r\n\r\n`,
      [403],
    ],
    ['OPTIONS *', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, [404]],
    ['TRACE', `TRACE /concurrency HTTP/1.1\r\n${HOST}\r\n`, [405]],
    ['a method of its own', `FROB /concurrency HTTP/1.1\r\n${HOST}\r\n`, [400]],
    ['POST in place of PATCH', patch(GOOD).replace('PATCH', 'POST'), [405]],
    [
      'POST that says it is PATCH',
      patch(GOOD, 'X-HTTP-Method-Override: PATCH\r\n').replace('PATCH', 'POST'),
      [405],
    ],
    ['DELETE', `DELETE /herd HTTP/1.1\r\n${HOST}\r\n`, [405]],
    ['a body that is too large', patch(' '.repeat(20_000)), [413]],
    [
      '10 MB, said and not sent',
      `PATCH /herd HTTP/1.1\r\n${HOST}Content-Length: 10000000\r\n\r\n{`,
      [413],
    ],
    [
      'a length beyond all numbers',
      `PATCH /herd HTTP/1.1\r\n${HOST}Content-Length: 99999999999999999999\r\n\r\n{`,
      [400],
    ],
    ['a negative length', `PATCH /herd HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n{`, [400]],
    ['a packed body that unpacks to 10 MB', patch(BOMB, 'Content-Encoding: gzip\r\n'), [415]],
    ['an unknown packing', patch(GOOD, 'Content-Encoding: br\r\n'), [415]],
    [
      'another character set',
      patch(GOOD, 'Content-Type: application/json; charset=utf-16\r\n'),
      [415],
    ],
    ['a key twice', patch('{"concurrency":3,"concurrency":9}'), [400]],
    ['__proto__', patch('{"concurrency":9,"__proto__":{"x":1}}'), [400]],
    ['bytes that are no UTF-8', patch('{"concurrency":9,"\xff":1}'), [400]],
    ['a depth of 5,000', patch(`{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`), [400]],
    ['a huge number', patch('{"concurrency":1e309}'), [400]],
    ['a number of 10,000 digits', patch(`{"concurrency":${'9'.repeat(10_000)}}`), [400]],
    ['two lengths', patch(GOOD, 'Content-Length: 1\r\n'), [400]],
    [
      'a chunk without a number',
      `PATCH /herd HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
      [400],
    ],
    ['an unknown transfer', patch(GOOD, 'Transfer-Encoding: xchunked\r\n'), [400]],
    ['a folded header', get('/herd', 'X: a\r\n  folded\r\n'), [400]],
    ['a space before the colon', get('/herd', 'X : a\r\n'), [400]],
  ])('%s', async (_what, bytes, statuses) => {
    const answer = await rawAsk(served.url, bytes, { timeoutMs: 8_000 });
    expect(answer.statuses).toEqual(statuses);
    expect(answer.text.length).toBeLessThan(4_000);
  });

  test('a token in the address is no token', async () => {
    const guarded = await serveWorker({ token: 'a token of the tests' });
    const path =
      '/concurrency?token=a%20token%20of%20the%20tests&access_token=a+token+of+the+tests';
    const { statuses } = await rawAsk(guarded.url, get(path));
    await guarded.end();
    expect(statuses).toEqual([401]);
  });
});

describe('request smuggling', () => {
  const INNER = patch(GOOD);

  test.each([
    [
      'a length and chunks',
      `PATCH /herd HTTP/1.1\r\n${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${INNER}`,
    ],
    [
      'chunks and a length',
      `PATCH /herd HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${INNER}`,
    ],
    [
      'chunked twice',
      `PATCH /herd HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${INNER}`,
    ],
    ['lines that end in LF alone', `GET /herd HTTP/1.1\n${HOST}X: y\n\n${INNER}`],
    [
      'a chunk size with a tail',
      `PATCH /herd HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1;\n${INNER}\r\n`,
    ],
  ])('%s: the second request is not heard', async (_what, bytes) => {
    const { statuses, isClosed } = await rawAsk(served.url, bytes, {
      untilClosed: true,
      timeoutMs: 12_000,
    });
    expect(isClosed).toBe(true);
    expect(statuses.every((status) => status === 400)).toBe(true);
    expect(statuses.length).toBeLessThanOrEqual(1);
  });

  test('what follows an answer that leaves its body unread is not taken for a request', async () => {
    const bytes = `PATCH /herd HTTP/1.1\r\n${HOST}Content-Length: 20000\r\n\r\n${INNER}`;
    const { statuses, isClosed, text, ms } = await rawAsk(served.url, bytes, { untilClosed: true });
    expect([statuses, isClosed]).toEqual([[413], true]);
    expect(text).toMatch(/\r\nConnection: close\r\n/i);
    expect(ms).toBeLessThan(9_000);
  });
});

test('a GET with a body, HEAD, and a packed GET are answered', async () => {
  const answers = [
    await rawAsk(served.url, patch(GOOD).replace('PATCH', 'GET')),
    await rawAsk(served.url, `HEAD /metrics HTTP/1.1\r\n${HOST}\r\n`),
    await rawAsk(served.url, get('/livez', 'Accept-Encoding: gzip\r\nExpect: 100-continue\r\n'), {
      answers: 2,
    }),
  ];
  expect(answers.map(({ statuses }) => statuses)).toEqual([[200], [200], [100, 200]]);
});
