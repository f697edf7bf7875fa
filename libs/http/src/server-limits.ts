import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { ConnectionCount, type ConnectionLimits } from './connection-count.js';
import { networkOf } from './network-of.js';

/** Who sends a request too slowly is cut off. Node looks for them only every 30 s unless told otherwise. */
export const SERVER_LIMITS = Object.freeze({
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8 * 1024,
  // Looked at in `refuseMalformed`: what Node refuses itself is not seen by `oneAtATime`.
  requireHostHeader: false,
});
/** Nothing sent and nothing read for so long: such as by who does not read the answer. */
const SILENCE_MS = 20_000;
/** More than any client of this server sends. */
export const MAX_HEADERS = 100;

/** What differs between servers. */
export interface ServerLimits {
  readonly connections?: ConnectionLimits | undefined;
  /** Milliseconds in which nothing is sent and nothing read before a connection is closed. @default 20,000 */
  readonly silenceMs?: number | undefined;
}

/** Sets what cannot be given to `createServer`, and closes connections above the limits as they come. */
export function limitServer(server: Server, limits: ServerLimits = {}): void {
  server.maxRequestsPerSocket = 1_000;
  // One more than is let through, so that it is seen that there are too many.
  server.maxHeadersCount = MAX_HEADERS + 1;
  server.setTimeout(limits.silenceMs ?? SILENCE_MS);
  limitConnections(server, limits.connections);
}

function limitConnections(server: Server, limits: ConnectionLimits | undefined): void {
  const count = new ConnectionCount(limits);
  server.on('connection', (socket: Socket) => {
    const network = networkOf(socket.remoteAddress ?? '');
    if (count.open(network)) socket.once('close', () => count.close(network));
    else socket.destroy();
  });
}
