import { invalidOption } from '@goflow/shared';

/** The option `sharedCalls`, true unless it says otherwise. @throws OPTION_INVALID */
export function checkSharedCalls(given: unknown = true): boolean {
  if (typeof given === 'boolean') return given;
  throw invalidOption('sharedCalls', 'true or false', given);
}
