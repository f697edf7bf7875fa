/** The queue of raw BullMQ. */
export const QUEUE = 'tiny';

/** What BullMQ's documentation gives as `connection`: then each queue and each worker opens its own. */
export function connectionOf(redis: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(redis);
  return { host: hostname, port: Number(port) };
}
