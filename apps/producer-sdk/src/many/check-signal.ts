import { invalidOption } from '@goflow/shared';

/** Refuses anything but an AbortSignal, or none. Not by `instanceof`: it may be of another realm. */
export function checkSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  if (typeof signal?.aborted === 'boolean' && typeof signal.addEventListener === 'function')
    return signal;
  throw invalidOption('signal', 'an AbortSignal', signal);
}
