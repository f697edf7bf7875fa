import type { Socket } from 'node:net';

/** Resets a connection at once. */
export function resetSocket(socket: Socket): void {
  // One whose sending side was ended cannot be reset: Node would leave its handle open for ever.
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
