import { connect, type Socket } from 'node:net';

/** A client of Redis for the tests of the proxy, which want to see every byte. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  /** All that came until now, in latin1. */
  received = '';
  /** How many times something came. */
  packets = 0;
  /**
   * How the connection stands; `reset` when the other side did not close it in order. A reset that comes together with data is seen as
   * `closed`: Node tells no more than the end then.
   */
  state: 'open' | 'closed' | 'reset' = 'open';

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
      this.packets += 1;
    });
    socket.once('error', () => {
      this.state = 'reset';
    });
    socket.once('close', () => {
      if (this.state === 'open') this.state = 'closed';
    });
  }

  static async open(port: number): Promise<RawClient> {
    const client = new RawClient(connect({ port, host: '127.0.0.1', noDelay: true }));
    // It may be reset before it is told that it is connected.
    await new Promise((resolve) => client.socket.once('connect', resolve).once('close', resolve));
    return client;
  }

  /** Sends requests in one write: `send(['PING'], ['GET', 'key'])`. */
  send(...requests: readonly (readonly string[])[]): void {
    this.socket.write(requests.map(encoded).join(''), 'latin1');
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** A request as it goes over the wire. */
export function encoded(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}
