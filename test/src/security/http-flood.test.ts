import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../support/http.js';
import { openSocket, rawAsk } from './raw-http.js';
import { type ServedWorker, serveWorker } from './served-worker.js';

// One client that wants more than its share: requests by the thousand in one packet, and connections from several addresses.

let served: ServedWorker;
beforeAll(async () => {
  served = await serveWorker();
});
afterAll(() => served.end());

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

test.each(['/livez', '/readyz', '/metrics', '/herd'])(
  'requests for %s by the thousand in one packet are not answered: the connection is closed',
  async (path) => {
    const floods = Array.from({ length: 20 }, () =>
      rawAsk(served.url, get(path).repeat(1_000), { untilClosed: true, timeoutMs: 8_000 }),
    );
    const probe = await ask(`${served.url}/livez`);
    expect(probe.status).toBe(200);
    for (const { statuses, isClosed } of await Promise.all(floods)) {
      expect(isClosed).toBe(true);
      expect(statuses.length).toBeLessThanOrEqual(1);
    }
    expect(await served.works()).toBe(true);
  },
);

test.each([
  ['without a Host', 'GET /livez HTTP/1.1\r\n\r\n', 400],
  ['that expect what there is not', `${get('/livez').trim()}\r\nExpect: x\r\n\r\n`, 417],
])(
  'requests %s: one is refused, and a thousand in one packet are not answered',
  async (_what, bytes, status) => {
    expect((await rawAsk(served.url, bytes)).statuses).toEqual([status]);
    const flood = rawAsk(served.url, bytes.repeat(1_000), { untilClosed: true });
    expect(await flood).toMatchObject({ statuses: [], isClosed: true });
  },
);

test('of a thousand changes in one packet no more than the first is made', async () => {
  const change = (num: number): string =>
    `PATCH /herd HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"num":${num}}`;
  const bytes = change(4) + change(9).repeat(999);
  const { statuses, isClosed } = await rawAsk(served.url, bytes, { untilClosed: true });
  expect(isClosed).toBe(true);
  expect(statuses.length).toBeLessThanOrEqual(1);
  expect([3, 4]).toContain(served.worker.concurrency.default);
});

test('requests one after another over one connection are answered', async () => {
  const socket = openSocket(served.url);
  for (const path of ['/livez', '/readyz', '/metrics', '/herd', '/nowhere', '/livez']) {
    socket.write(get(path));
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    const answered = /^HTTP\/1\.1 (\d+) .*?\r\nContent-Length: (\d+)\r\n/is.exec(bytes.toString());
    expect(answered?.[1]).toBe(path === '/nowhere' ? '404' : '200');
    let missing = Number(answered?.[2]) - (bytes.length - (bytes.indexOf('\r\n\r\n') + 4));
    while (missing > 0) missing -= ((await once(socket, 'data')) as [Buffer])[0].length;
  }
});

// The whole of 127.0.0.0/8 is this machine's own on Linux only.
test.skipIf(process.platform !== 'linux')(
  'who has four addresses, and opens again what is closed, keeps no probe out',
  async () => {
    let isOver = false;
    let opened = 0;
    const open = (address: string): void => {
      if (isOver) return;
      opened += 1;
      const socket = openSocket(served.url, address);
      socket.write('GET /livez HTTP/1.1\r\nX: ');
      socket.once('close', () => setTimeout(open, 50, address));
    };
    for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'])
      for (let count = 0; count < 128; count += 1) open(address);
    // Begun after all of the first ones: the server takes them in turn.
    for (let count = 0; count < 10; count += 1)
      for (const path of ['/livez', '/readyz', '/metrics'])
        expect((await ask(`${served.url}${path}`)).status).toBe(200);
    isOver = true;
    expect(opened).toBeGreaterThanOrEqual(512);
  },
);
