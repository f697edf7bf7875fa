import { setTimeout as delay } from 'node:timers/promises';
import { GoflowError } from '@goflow/shared';

const SOON_MS = 1_000;

/** What comes within a second. @throws BROKER_UNAVAILABLE */
export async function soon<T>(work: Promise<T>): Promise<T> {
  const patience = new AbortController();
  const late = delay(SOON_MS, undefined, { signal: patience.signal }).then(() => {
    throw new GoflowError('BROKER_UNAVAILABLE', `no answer within ${SOON_MS} ms`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    patience.abort();
  }
}
