import type { RedisServer } from './redis-server.js';

/** What servers with replicas are started with. */
export const REPLICATED_ARGS = [
  ['--appendonly', 'yes'],
  // A replica that is not in step when its master dies cannot take over; by itself Redis waits 5 s before it brings one in step.
  ['--repl-diskless-sync-delay', '0'],
  // A master that is told to stop would wait 10 s for replicas that were stopped with it.
  ['--shutdown-timeout', '0'],
] as const;

/** Those that were not killed or stopped. */
export function running(servers: readonly RedisServer[]): readonly RedisServer[] {
  return servers.filter(({ isRunning }) => isRunning);
}

/** Starts again those that were killed. */
export async function restartStopped(servers: readonly RedisServer[]): Promise<void> {
  const stopped = servers.filter(({ isRunning }) => !isRunning);
  await Promise.all(stopped.map((server) => server.restart()));
}

/** Ends them all, at once: one that writes its first append-only file refuses to stop in order. Safe to call twice. */
export async function stopAll(servers: readonly RedisServer[]): Promise<void> {
  await Promise.all(running(servers).map((server) => server.kill9()));
  await Promise.all(servers.map((server) => server.stop()));
}

/** As Promise.all, after all have ended: nobody is left starting. */
export async function allOrThrow<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
