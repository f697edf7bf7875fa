import { checkKnown, invalidOption } from '@goflow/shared';

/** Refuses what is no object, and options that are not known. @throws OPTION_INVALID */
export function checkOptions(options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalidOption('options', 'an object', options);
  checkKnown('options', options, known);
}
