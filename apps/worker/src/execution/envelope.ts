import {
  type Cipher,
  type CipherPlace,
  decryptFailure,
  decryptJson,
  encryptFailure,
  expandJson,
  GoflowError,
  isEncrypted,
  isGoflowError,
  protectJson,
  type TakenTask,
  toFailure,
  type Verdict,
} from '@goflow/shared';
import { untilAnotherMs } from './routing.js';

/** Of a newer release: another worker understands it, or this one will, once it is updated. */
export function handBackNewer({ starts }: TakenTask): Verdict {
  return { kind: 'handed-back', reason: 'envelope-newer', delayMs: untilAnotherMs(starts) };
}

/** Whether the payload of a task is to go through {@link openPayload}. */
export const isSealed = ({ envelopeVersion }: TakenTask, cipher: Cipher | undefined): boolean =>
  envelopeVersion !== undefined || cipher?.required === true;

/**
 * The payload as it was pushed; it may still be compressed. In an envelope of version 1 what looks encrypted is somebody's own value.
 *
 * @throws KEY_MISSING, ENVELOPE_UNREADABLE
 */
export function openPayload(task: TakenTask, cipher: Cipher | undefined): unknown {
  const { payload, envelopeVersion } = task;
  if (envelopeVersion !== undefined && isEncrypted(payload))
    return expandJson(decryptJson(payload, placeOf(task, 'payload'), cipher));
  if (cipher?.required !== true) return expandJson(payload);
  throw new GoflowError('ENVELOPE_UNREADABLE', 'the payload is not encrypted, and must be here');
}

/** What becomes of a task whose payload could not be opened: another worker may have the key. */
export function notOpened(error: unknown, { starts }: TakenTask): Verdict {
  if (isGoflowError(error, 'KEY_MISSING'))
    return { kind: 'handed-back', reason: 'key-missing', delayMs: untilAnotherMs(starts) };
  return { kind: 'failed', failure: toFailure(error), isUnspent: true };
}

/** A result as it is stored. */
export const sealResult = (json: string, task: TakenTask, cipher: Cipher | undefined): string =>
  protectJson(json, placeOf(task, 'result'), cipher);

/** A verdict as it is stored: its failure may quote the payload, unless goflow refused the envelope, and so saw none. */
export function sealVerdict(verdict: Verdict, task: TakenTask, cipher: Cipher): Verdict {
  if (!cipher.writes || !('failure' in verdict) || isRefusal(verdict)) return verdict;
  return { ...verdict, failure: encryptFailure(verdict.failure, task, cipher) };
}

/** A verdict as those in this process are told of it. */
export function openVerdict(verdict: Verdict, task: TakenTask, cipher: Cipher): Verdict {
  if (!('failure' in verdict)) return verdict;
  return { ...verdict, failure: decryptFailure(verdict.failure, task, cipher) };
}

/** A handler may throw what has the same code; but that is an attempt, and spent. */
const isRefusal = (verdict: Verdict): boolean =>
  verdict.kind === 'failed' &&
  verdict.isUnspent === true &&
  verdict.failure.code === 'ENVELOPE_UNREADABLE';

const placeOf = ({ type, id }: TakenTask, kind: CipherPlace['kind']): CipherPlace => ({
  kind,
  type,
  id,
});
