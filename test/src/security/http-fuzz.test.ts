import { expect, test } from 'vitest';
import { chance, type Random } from './chance.js';
import { rawAsk } from './raw-http.js';
import { serveWorker } from './served-worker.js';

// Requests put together from good and bad parts, then cut, doubled and bent byte by byte. GOFLOW_FUZZ_ROUNDS makes it longer, GOFLOW_FUZZ_SEED
// runs another one; the seed is in the message of what fails.

/** Each takes about 0.3 s: the time that is waited for an answer to what is cut off. */
const ROUNDS = Number(process.env.GOFLOW_FUZZ_ROUNDS ?? 8);
const SEED = Number(process.env.GOFLOW_FUZZ_SEED ?? 7);
/** Fewer than one address may have connections. */
const AT_ONCE = 24;

const METHODS = [
  'GET',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'POST',
  'PUT',
  'DELETE',
  'TRACE',
  'CONNECT',
  'get',
  '',
];
const PATHS = [
  '/livez',
  '/readyz',
  '/metrics',
  '/concurrency',
  '/herd',
  '/',
  '*',
  '//herd',
  '/herd/',
  '/herd?x=1',
  '/..%2fherd',
  '/%00',
  '/%',
  '/__proto__',
  '/constructor',
  'http://localhost/herd',
  'localhost:1',
];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/1.1 ', ''];
const HEADERS = [
  'Host: localhost',
  'Host: 127.0.0.1:1',
  'Host: evil',
  'Connection: close',
  'Connection: upgrade',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'Expect: x',
  'Origin: http://evil',
  'Sec-Fetch-Site: none',
  'Authorization: Bearer x',
  'Content-Type: text/plain',
  'Content-Encoding: gzip',
  'X: \0',
  'X: é',
  'Content-Length: 0',
  'Content-Length: 5',
  'Content-Length: -5',
  'Content-Length: 5, 5',
  'Cookie: a=b',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Trailer: x',
  'TE: trailers',
  ': x',
  'x',
];
// Nothing in here is a change: what is refused must be all of it.
const BODIES = [
  '{}',
  '{"concurrency":-1}',
  '{"num":"20"}',
  '{"queues":{"nope":1}}',
  '{"__proto__":{"concurrency":9}}',
  '[[[[',
  '"',
  'null',
  '5\r\n{"a":\r\n0\r\n\r\n',
  'ff;x=y\r\n',
  'ÿþ\0',
  'concurrency=9',
  ' '.repeat(3e4),
];

const one = <T>(random: Random, from: readonly T[]): T => from[random(from.length)] as T;

function makeRequest(random: Random): Buffer {
  const headers = Array.from({ length: random(6) }, () => one(random, HEADERS));
  if (random(4) > 0) headers.unshift(random(4) > 0 ? 'Host: localhost' : 'Host: evil.example.com');
  const body = random(2) === 0 ? '' : one(random, BODIES);
  if (body !== '' && random(2) === 0) headers.push(`Content-Length: ${body.length}`);
  const start = `${one(random, METHODS)} ${one(random, PATHS)} ${one(random, VERSIONS)}`;
  const text = [start, ...headers, '', body].join(random(20) === 0 ? '\n' : '\r\n');
  return bend(random, Buffer.from(text, 'latin1'));
}

/** Half of the requests stay as they are. */
function bend(random: Random, bytes: Buffer): Buffer {
  const at = random(bytes.length);
  const kind = random(8);
  if (kind === 0) return bytes.subarray(0, at);
  if (kind === 1) return Buffer.concat([bytes.subarray(0, at), bytes]);
  if (kind > 3) return bytes;
  const bent = Buffer.from(bytes);
  for (let count = 0; count <= kind; count += 1) bent[random(bent.length)] = random(256);
  return bent;
}

test(
  'whatever comes, no crash, no 500, no hang, and nothing is changed',
  async () => {
    const served = await serveWorker();
    const random = chance(SEED);
    const seen = new Map<number, number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const requests = Array.from({ length: AT_ONCE }, () => makeRequest(random));
      const asked = requests.map((request) => rawAsk(served.url, request, { timeoutMs: 300 }));
      for (const [index, { statuses }] of (await Promise.all(asked)).entries())
        for (const status of statuses) {
          const what = `seed ${SEED}: ${JSON.stringify(requests[index]?.toString('latin1').slice(0, 500))}`;
          expect(status, what).toBeLessThan(500);
          seen.set(status, (seen.get(status) ?? 0) + 1);
        }
      expect(served.worker.concurrency, `seed ${SEED}`).toEqual({ default: 3 });
    }
    const alive = await rawAsk(served.url, 'GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(alive.statuses).toEqual([200]);
    expect(await served.works()).toBe(true);
    await served.end();
    // Not all was refused by the parser: the routes were reached, too.
    for (const status of [200, 400, 401, 403, 404, 405]) expect([...seen.keys()]).toContain(status);
  },
  ROUNDS * 2_000 + 30_000,
);
