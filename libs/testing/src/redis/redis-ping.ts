import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Which server is asked. */
export interface PingTarget {
  readonly port: number;
  readonly pid: number;
  readonly password?: string | undefined;
  /** True when it speaks TLS. */
  readonly tls?: boolean | undefined;
}

/** True when the server with that process id answers on that port and has loaded its data. */
export function answersPing({ port, pid, password, tls }: PingTarget): Promise<boolean> {
  const login = password === undefined ? '' : command('AUTH', password);
  return new Promise((resolve) => {
    let reply = '';
    const socket = tls ? connectUnchecked(port) : connect({ port, host: '127.0.0.1' });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.once('error', () => settle(false));
    socket.once('close', () => resolve(false));
    socket.on('data', (chunk: Buffer) => {
      reply += chunk.toString();
      if (reply.includes('+PONG') && reply.includes(`process_id:${pid}\r\n`)) settle(true);
      if (/^-/m.test(reply)) settle(false);
    });
    socket.write(`${login}${command('INFO', 'server')}${command('PING')}`);
  });
}

/** Whom this is to is known by the process id: a certificate need not be good, and some tests want one that is not. */
function connectUnchecked(port: number): Socket {
  return connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
}

function command(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}
