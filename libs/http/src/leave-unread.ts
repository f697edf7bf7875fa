import type { ServerResponse } from 'node:http';

/** How long the rest of a request is read and thrown away. */
const LINGER_MS = 1_000;

/**
 * Closes the connection after this answer where the request has not come to its end: the next one would have to wait for the rest of it. A
 * socket that is closed with unread bytes is reset, and a reset can overtake the answer: so the rest is read for a moment, as other HTTP
 * servers do. Call it before the answer is sent.
 */
export function leaveUnread(response: ServerResponse): void {
  if (response.req.complete) return;
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
