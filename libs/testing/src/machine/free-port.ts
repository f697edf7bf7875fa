import { createServer } from 'node:net';

/**
 * Below the range that systems give to outgoing connections (32768 on Linux, 49152 elsewhere): a client that dials a
 * stopped server again and again would sooner or later be given that server's port as its own, and keep it.
 */
const FIRST = 20_000;
const COUNT = 10_000;

/** A TCP port of 127.0.0.1 that nothing listens on now. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error(
    `found no free TCP port between ${FIRST} and ${FIRST + COUNT}: is listening allowed here?`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
