import { constants } from 'node:os';

/**
 * The signals after which a program leaves in order, and after a second one at once. SIGHUP is the end of its terminal; `nohup` does not keep it
 * away: Node puts every signal that is ignored back to what it does by default, and does not tell.
 */
export const LEAVING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One of {@link LEAVING_SIGNALS}. */
export type LeavingSignal = (typeof LEAVING_SIGNALS)[number];

/** What a program ends with when a signal does not let it end in order: 130, 143, 129. */
export function leavingCode(signal: LeavingSignal): number {
  return 128 + constants.signals[signal];
}
