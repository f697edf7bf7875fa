import type { Redis } from 'ioredis';

/** A second end within this time is waited out, in milliseconds: there must be no hot loop. */
const PAUSE_MS = 1_000;

/**
 * Connects again a connection that ioredis gave up by mistake. A sentinel that tells of a failover late ends, through `failoverDetector`, the
 * attempt to connect that is under way, and ioredis takes that for a wish to close: the connection is `end` for good, and whoever holds it
 * gets "Connection is closed." for ever. (ioredis 6.0.0, `SentinelConnector.disconnect` while `connect` runs.) What was closed on purpose,
 * with `quit` or `disconnect`, stays closed.
 */
export function reviveAfterEnd(redis: Redis): void {
  let isLeaving = false;
  let revivedAt = Number.NEGATIVE_INFINITY;
  const { connect, disconnect, quit } = redis;
  redis.connect = function come(this: Redis, ...args: Parameters<typeof connect>) {
    isLeaving = false;
    return connect.apply(this, args);
  };
  redis.disconnect = function leave(this: Redis, reconnect?: boolean): void {
    if (reconnect !== true) isLeaving = true;
    disconnect.call(this, reconnect);
  };
  redis.quit = function leaveOrderly(this: Redis, ...args: Parameters<typeof quit>) {
    isLeaving = true;
    return quit.apply(this, args);
  } as typeof quit;
  const revive = (): void => {
    if (isLeaving || redis.status !== 'end') return;
    revivedAt = performance.now();
    // It goes on trying by itself from here on, and says in its `error` event what is wrong.
    redis.connect().catch(() => undefined);
  };
  redis.on('end', () => {
    if (performance.now() - revivedAt > PAUSE_MS) revive();
    else setTimeout(revive, PAUSE_MS).unref();
  });
}
