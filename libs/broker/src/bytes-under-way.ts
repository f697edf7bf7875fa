import { getHeapStatistics } from 'node:v8';

const MOST = 256 * 1024 * 1024;
/** A payload may lie in memory four times: as it was given, as JSON, in a command, and in what is written; and what was given up is not gone at once. */
const SHARE_OF_HEAP = 1 / 16;

/** How many bytes of payloads one client may have under way: 256 MiB, and less where this process may not use as much memory. */
export const MAX_BYTES_UNDER_WAY = Math.min(
  MOST,
  getHeapStatistics().heap_size_limit * SHARE_OF_HEAP,
);
