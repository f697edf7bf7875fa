import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Who sends a request too slowly is cut off. Node looks for them only every 30 s unless told otherwise. */
export const SERVER_LIMITS = Object.freeze({
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8 * 1024,
});
/** Nothing sent and nothing read for so long: such as by who does not read the answer. */
const SILENCE_MS = 20_000;
/** More than any client of this server sends. */
export const MAX_HEADERS = 100;
/** More connections than a fleet's probes and scrapers need. */
export const MAX_CONNECTIONS = 512;
/** So that one address cannot keep all others out. */
export const MAX_CONNECTIONS_OF_ADDRESS = 128;

/** Sets what cannot be given to `createServer`, and closes connections above the limits as they come. */
export function limitServer(server: Server): void {
  server.maxRequestsPerSocket = 1_000;
  // One more than is let through, so that it is seen that there are too many.
  server.maxHeadersCount = MAX_HEADERS + 1;
  server.setTimeout(SILENCE_MS);
  limitConnections(server);
}

function limitConnections(server: Server): void {
  const open = new Map<string, number>();
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
    if (count > MAX_CONNECTIONS_OF_ADDRESS) socket.destroy();
  });
}
