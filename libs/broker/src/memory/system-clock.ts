import type { Clock } from '@goflow/shared';

/** The clock of this machine. Its timers are Node's, and keep the process alive. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  after: (ms: number, callback: () => void) => setTimeout(callback, ms),
  cancel: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout | undefined),
});
