import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What is behind a port: `plain` and `tls` are a Redis that speaks so; `full` one that has no room; `other` something else. */
export type Behind = 'plain' | 'tls' | 'full' | 'other' | 'silent';

const PATIENCE_MS = 1_000;

/** Finds out what is behind a port after a connection has failed. Says nothing secret. Never rejects, and ends within 2 s. */
export async function sayHello(host: string, port: number): Promise<Behind> {
  const plain = await ask(connectPlain({ host, port }), 'connect');
  if (plain.startsWith('-ERR max number of clients')) return 'full';
  if (/^[+-](?:PONG|NOAUTH|ERR|DENIED|LOADING|NOPERM)/.test(plain)) return 'plain';
  if (plain !== '' && !isAlert(plain)) return 'other';
  // Only asked whether it speaks TLS: whose certificate it has does not matter, and nothing is believed.
  const tls = await ask(
    connectTls({ host, port, rejectUnauthorized: false, servername: '' }),
    'secureConnect',
  );
  if (/^[+-]/.test(tls)) return 'tls';
  return tls === '' ? 'silent' : 'other';
}

/** A TLS server's answer to what is no TLS. */
const isAlert = (answer: string): boolean => answer.charCodeAt(0) === 0x15;

/** The first bytes of the answer; '' where there is none. */
function ask(socket: Socket, ready: 'connect' | 'secureConnect'): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(''), PATIENCE_MS);
    const end = (answer: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.on('error', () => end(''));
    socket.on('close', () => end(''));
    socket.on('data', (bytes: Buffer) => end(bytes.toString('latin1')));
    // Redis says at once that it has no room, and closes: a write would make the system forget that.
    socket.once(ready, () => setTimeout(() => socket.writable && socket.write('PING\r\n'), 20));
  });
}
