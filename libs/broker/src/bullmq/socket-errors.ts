import type { Socket } from 'node:net';
import type { Cluster, Redis } from 'ioredis';

/** Private to ioredis: what opens the sockets of a connection. It may be at that already. */
interface Connector {
  readonly stream?: Socket | undefined;
  /** With Sentinel. */
  connectToSentinel?(endpoint: unknown, options?: object): Redis;
}

/**
 * How long a socket is listened to before anything is written, in ms, when the one before it came to nothing. A Redis that has no room for
 * another client says so and closes at once; the write that comes too late makes the system forget what it said.
 */
const LISTEN_MS = 20;
const NO_ROOM = /^-(ERR max number of clients[^\r\n]*)/;

/**
 * Sees to what ioredis does not hear of the sockets of a connection.
 *
 * A second error of a socket: ioredis listens for one, and a TLS handshake that fails may have two, that of this side and what the server
 * makes of it. Node ends the process for one that nobody listens to. Errors of the connections on which ioredis hears of failovers from the
 * sentinels: they would go to the console, past every logger. And what a server says that has no room: told as an `error`.
 */
export function tendSocketErrors(redis: Redis | Cluster): void {
  if (redis.isCluster) {
    const cluster = redis as Cluster;
    for (const node of cluster.nodes()) tendSocketErrors(node);
    cluster.on('+node', tendSocketErrors);
    return;
  }
  const single = redis as Redis;
  const { connector } = single as unknown as { readonly connector: Connector };
  tendEachSocket(single, connector);
  const connectToSentinel = connector.connectToSentinel?.bind(connector);
  if (!connectToSentinel) return;
  const { disconnectTimeout } = single.options;
  connector.connectToSentinel = (endpoint, options) => {
    // Else a sentinel that is away keeps the process for 2 s after all is closed.
    const sentinel = connectToSentinel(endpoint, { disconnectTimeout, ...options });
    sentinel.on('error', nothing);
    tendSocketErrors(sentinel);
    return sentinel;
  };
}

function tendEachSocket(redis: Redis, connector: Connector): void {
  let stream = connector.stream;
  let attempts = 0;
  redis.on('ready', () => {
    attempts = 0;
  });
  const tend = (socket: Socket | undefined): void => {
    stream = socket;
    if (!socket) return;
    // The first error is ioredis' to tell.
    socket.on('error', nothing);
    attempts += 1;
    if (attempts > 1) listenFirst(redis, socket);
  };
  tend(stream);
  Object.defineProperty(connector, 'stream', { get: () => stream, set: tend, configurable: true });
}

function listenFirst(redis: Redis, socket: Socket): void {
  socket.once('connect', () => {
    socket.cork();
    setTimeout(() => socket.uncork(), LISTEN_MS).unref();
  });
  socket.once('data', (bytes: Buffer) => {
    const said = NO_ROOM.exec(bytes.toString('latin1'))?.[1];
    if (said === undefined || redis.listenerCount('error') === 0) return;
    redis.emit('error', Object.assign(new Error(said), { name: 'ReplyError' }));
  });
}

const nothing = (): void => undefined;
