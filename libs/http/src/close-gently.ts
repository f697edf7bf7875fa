import type { ServerResponse } from 'node:http';

/** How long the rest of a request is read and thrown away. */
const LINGER_MS = 1_000;

/**
 * Closes the connection after this answer, though the request has not come to its end. A socket that is closed with unread bytes is reset,
 * and a reset can overtake the answer: so the rest is read for a moment, as other HTTP servers do. Call it before the answer is sent.
 */
export function closeGently(response: ServerResponse): void {
  const { socket } = response;
  response.setHeader('Connection', 'close');
  if (!socket) return;
  // What Node calls when the answer is written.
  socket.destroySoon = () => {
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
    socket.end();
  };
}
