import { HttpServer } from '@goflow/http/server';
import { toFailure } from '@goflow/shared';
import { connect } from './connect.js';
import { DepthHistory } from './dashboard/fleet/depth-history.js';
import type { GatewayDeps } from './gateway-deps.js';
import { type GatewayOptions, resolveGatewayOptions } from './options.js';
import { HeldRequests } from './requests/held-requests.js';

/** The HTTP face of goflow. Made by {@link createGateway}. */
export interface Gateway extends AsyncDisposable {
  /** Listens. @throws PORT_IN_USE */
  start(): Promise<void>;
  /** Takes no new request, lets those that run end within `grace`, and closes what it opened. */
  stop(): Promise<void>;
  /** Where it listens; undefined while it does not. */
  readonly url: string | undefined;
}

/** Behind a proxy all callers are one address. Long polls and streams hold theirs. */
const CONNECTIONS = { all: 10_000, ofAddress: 5_000, keptFree: 100 };
/** Each is a connection and a subscription; the rest of the connections is for short requests. */
const HELD = { polls: 5_000, streams: 2_000, pages: 200 };
/** Longer than a long poll is silent. */
const SILENCE_MS = 75_000;

/**
 * Creates a gateway, which connects to Redis at once, in the background, and listens once it is started.
 *
 * @throws OPTION_INVALID
 * @example
 * const gateway = createGateway({ tasks, redis: 'redis://localhost:6379', http: { port: 8080 } });
 * await gateway.start();
 */
export function createGateway(given: GatewayOptions): Gateway {
  const options = resolveGatewayOptions(given);
  const { logger, listen, graceMs } = options;
  const connected = connect(given, logger);
  const held = {
    polls: new HeldRequests(HELD.polls, 'waits for results'),
    streams: new HeldRequests(HELD.streams, 'streams of events'),
    pages: new HeldRequests(HELD.pages, 'open pages'),
  };
  const closers: (() => Promise<void> | void)[] = [];
  const atStop: GatewayDeps['atStop'] = (close) => void closers.push(close);
  const { tasks, redis, prefix } = given;
  const depths = new DepthHistory();
  const own = { connection: { redis, prefix }, tasks, options, logger, held, depths, atStop };
  const deps: GatewayDeps = { ...connected, ...own };
  const load = async () => (await import('./http-app.js')).createHttpApp(deps);
  const limits = { connections: CONNECTIONS, silenceMs: SILENCE_MS };
  const onLoadFailed = (error: unknown): void =>
    logger.error({ failure: toFailure(error, 'INTERNAL') }, 'nothing can be answered');
  const server = new HttpServer({ ...listen, load, limits, onLoadFailed });
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    // They would last longer than any grace; their clients come again, to another gateway.
    for (const one of Object.values(held)) one.endAll();
    await server.stop(graceMs);
    const closed = await Promise.allSettled(closers.map(async (close) => close()));
    await connected.goflow.close();
    const reasons = closed.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    if (reasons.length > 0) throw new AggregateError(reasons, 'the gateway did not stop cleanly');
  };
  return {
    start: async () => {
      await server.start();
      // When somebody comes to look, it is known what came before.
      if (options.dashboard) atStop(depths.follow(() => connected.goflow.fleet.queues()));
    },
    stop: () => (stopped ??= stop()),
    get url() {
      return server.url;
    },
    async [Symbol.asyncDispose]() {
      await this.stop();
    },
  };
}
