import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** Signals after which a program leaves in order; with a second one at once. */
export type LeavingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/**
 * The signals that a program listens to. SIGHUP, the end of its terminal, is among them unless it was ignored when the program started: then
 * `nohup` wants it to go on. Where the system does not tell (Linux does, in /proc), it is listened to.
 *
 * @param status what Linux says of the process; default: it is asked
 */
export function leavingSignals(status: string = ownStatus()): readonly LeavingSignal[] {
  const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  const isIgnored = (BigInt(`0x${ignored}`) & HANG_UP) !== 0n;
  return isIgnored ? ['SIGINT', 'SIGTERM'] : ['SIGINT', 'SIGTERM', 'SIGHUP'];
}

/** What a program ends with when a signal does not let it end in order: 130, 143, 129. */
export function leavingCode(signal: LeavingSignal): number {
  return 128 + constants.signals[signal];
}

const HANG_UP = 1n << BigInt(constants.signals.SIGHUP - 1);

function ownStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}
