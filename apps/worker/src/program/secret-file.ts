import { readFileSync } from 'node:fs';
import { GoflowError } from '@goflow/shared';

/**
 * Reads the file that a flag or a variable names. Where there is none, the name is not shown, nor is the cause, which quotes it: it may be
 * the secret itself, in the wrong place.
 *
 * @throws OPTION_INVALID with the code of the system, such as ENOENT
 */
export function readSecretFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new GoflowError('OPTION_INVALID', `the file that it names cannot be read (${code})`);
  }
}
