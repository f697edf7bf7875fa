import { type EncryptionOptions, GoflowError } from '@goflow/shared';

/** The keys of `--encryption-keys`: a file as `goflow-worker` reads it. @throws OPTION_INVALID, without a word of what is in it */
export async function readKeys(file: string | undefined): Promise<EncryptionOptions | undefined> {
  if (file === undefined) return undefined;
  // Only here: most calls name no such file.
  const { readEncryptionKeys } = await import('@goflow/worker/modules');
  try {
    return readEncryptionKeys(file);
  } catch (error) {
    const { message } = error as Error;
    throw new GoflowError('OPTION_INVALID', `--encryption-keys: ${message}`);
  }
}
