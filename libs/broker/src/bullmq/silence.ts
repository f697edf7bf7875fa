import type { Redis } from 'ioredis';

/** Private to ioredis: what was sent and is not answered. */
interface WithQueue {
  readonly commandQueue?: { readonly length: number };
}

/**
 * Cuts the connection that a client has now when it was asked something and has said nothing for so long: a half-open socket. ioredis'
 * own `socketTimeout` does the same with a timer and a listener for each command, which costs a lone push a twentieth of its time.
 */
export function cutWhenSilent(redis: Redis, limitMs: number): void {
  const { stream } = redis;
  const isWaiting = (): boolean => ((redis as WithQueue).commandQueue?.length ?? 0) > 0;
  /** 0: nothing was asked. */
  let silentSince = 0;
  let timer: NodeJS.Timeout | undefined;
  const wait = (ms: number): void => {
    // The socket keeps the process alive, for as long as it is to.
    timer ??= setTimeout(check, ms).unref();
  };
  const cut = (since: number): void => {
    if (silentSince !== since) return;
    stream.destroy(new Error(`Socket timeout: no answer for ${limitMs} ms`));
  };
  const check = (): void => {
    timer = undefined;
    if (silentSince === 0) return;
    const since = silentSince;
    const restMs = since + limitMs - performance.now();
    if (restMs > 0) wait(restMs);
    // After a blocked event loop the answer may lie there unread.
    else setImmediate(cut, since);
  };
  const asked = (): void => {
    if (silentSince !== 0) return;
    silentSince = performance.now();
    wait(limitMs);
  };
  const heard = (): void => {
    silentSince = 0;
    if (isWaiting()) asked();
  };
  const write = stream.write;
  stream.write = function watchedWrite(this: typeof stream, ...args: Parameters<typeof write>) {
    asked();
    return write.apply(this, args);
  } as typeof write;
  stream.on('data', heard);
  stream.once('close', () => clearTimeout(timer));
  // What ioredis asks of a new connection is on its way already.
  heard();
}
