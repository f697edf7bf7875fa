import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Takes one request of a connection at a time. Node calls the listener for each request that is found in a packet, which can be a thousand,
 * before any of them is answered. No probe, scraper or browser sends its next request before it has the answer to the last one: who does
 * loses the connection, and is answered nothing.
 */
export function oneAtATime(listener: RequestListener): RequestListener {
  const busy = new WeakSet<Socket>();
  return (request, response) => {
    const { socket } = request;
    if (busy.has(socket)) {
      hearNoMore(socket);
      socket.destroy();
      return;
    }
    busy.add(socket);
    // One that is closed after this answer takes no further request.
    response.once('finish', () => {
      if (!response.hasHeader('connection')) busy.delete(socket);
    });
    listener(request, response);
  };
}

/** What Node hangs on a socket, and does not document. */
interface Parsed {
  readonly parser?: { onIncoming?: () => number } | null;
}

/** An upgrade: the parser leaves what follows to others. */
const STOP_PARSING = 2;

/**
 * Leaves the rest of the packet unread. A socket that is destroyed does not stop Node's parser: it makes a request of each of the thousand, and
 * then an error for each, which takes 20 times as long as all else. There is no documented way; where Node changes this one, it has no
 * effect, and a test fails.
 */
function hearNoMore(socket: Socket): void {
  const { parser } = socket as Parsed;
  if (parser) parser.onIncoming = () => STOP_PARSING;
}
