import { GoflowError } from '@goflow/shared';
import { MAX_BYTES_UNDER_WAY } from '../bytes-under-way.js';

/**
 * What pushes have given Redis, or are about to, and is not answered. A push whose time is up is given up, but its command cannot be taken
 * back: it stays in memory until Redis answers it, or the connection is cut. Without a limit here a Redis that is slow, and answers now and
 * then, would fill the memory though no more pushes than allowed are under way.
 *
 * @param bytes of payloads, as {@link backlogOf} counts them
 * @returns CLIENT_OVERLOADED, where too much waits
 */
export function overloadOf(bytes: number): GoflowError | undefined {
  if (bytes < MAX_BYTES_UNDER_WAY) return undefined;
  return new GoflowError(
    'CLIENT_OVERLOADED',
    `${Math.round(bytes)} bytes of payloads wait for an answer of Redis, given up or not; nothing was sent`,
    { details: { bytes, sent: false } },
  );
}

/** How many bytes a push counts for: however large one is, it alone is no overload. */
export const backlogOf = (bytes: number): number => Math.min(bytes, MAX_BYTES_UNDER_WAY / 2);
