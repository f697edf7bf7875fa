import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** What came back over one connection. */
export interface RawAnswer {
  /** The status of every answer, in order. */
  readonly statuses: readonly number[];
  readonly text: string;
  /** The server closed the connection. */
  readonly isClosed: boolean;
  readonly ms: number;
}

/** How {@link rawAsk} asks. */
export interface RawOptions {
  /** So many answers are waited for. @default 1 */
  readonly answers?: number;
  /** Waits until the server closes. @default false */
  readonly untilClosed?: boolean;
  /** @default 20_000 */
  readonly timeoutMs?: number;
}

const STATUS = /HTTP\/1\.1 (\d{3}) /g;

const statusesOf = (text: string): number[] =>
  [...text.matchAll(STATUS)].map(([, status]) => Number(status));

/** Opens a connection to a server; destroyed when the test ends. Errors are no surprise here. */
export function openSocket(url: string, localAddress?: string): Socket {
  const { hostname, port } = new URL(url);
  const where = { host: hostname, port: Number(port) };
  const socket = connect(localAddress === undefined ? where : { ...where, localAddress });
  socket.on('error', () => undefined);
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

/** Sends bytes as they are, and tells what comes back. Ends with the answers, when the server closes, or after the time. */
export function rawAsk(
  url: string,
  bytes: string | Buffer,
  { answers = 1, untilClosed = false, timeoutMs = 20_000 }: RawOptions = {},
): Promise<RawAnswer> {
  const socket = openSocket(url);
  const began = performance.now();
  return new Promise((resolve) => {
    let text = '';
    let isClosed = false;
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ statuses: statusesOf(text), text, isClosed, ms: performance.now() - began });
    };
    const timer = setTimeout(end, timeoutMs);
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      if (!untilClosed && statusesOf(text).length >= answers && text.includes('\r\n\r\n')) end();
    });
    socket.once('close', () => {
      isClosed = true;
      end();
    });
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  });
}

/** Sends one byte at a time, for ever; tells after how many milliseconds the server closed the connection. */
export function dribble(url: string, head: string, everyMs = 250): Promise<number> {
  const socket = openSocket(url);
  const began = performance.now();
  socket.write(head);
  const timer = setInterval(() => socket.write('x'), everyMs);
  socket.resume();
  return new Promise((resolve) => {
    socket.once('close', () => {
      clearInterval(timer);
      resolve(performance.now() - began);
    });
  });
}
