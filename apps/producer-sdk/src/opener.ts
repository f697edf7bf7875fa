import {
  type Cipher,
  type CipherPlace,
  decryptFailure,
  decryptJson,
  decryptLine,
  ENCRYPTED_TEXT,
  expandJson,
  isEncrypted,
  isGoflowError,
  openJson,
  type ReportOf,
  type TaskDetail,
  type TaskFailure,
  type TaskLogEntry,
} from '@goflow/shared';

/** A payload as it is stored, and all that says how to read it. */
export type SealedPayload = Pick<TaskDetail, 'payload' | 'envelopeVersion' | 'type' | 'id'>;

/** Reads what is stored with tasks: decrypts it where this client has the key, and expands it. */
export class Opener {
  readonly #cipher: Cipher | undefined;

  constructor(cipher: Cipher | undefined) {
    this.#cipher = cipher;
  }

  /** A result as it was returned; a promise only where another thread expands it. @throws KEY_MISSING, ENVELOPE_UNREADABLE */
  result(stored: unknown, of: ReportOf): unknown {
    return openJson(stored, placeOf(of, 'result'), this.#cipher);
  }

  /**
   * A payload as it was pushed; a promise only where another thread expands it. In an envelope of version 1 what looks encrypted is
   * somebody's own value.
   *
   * @throws KEY_MISSING, ENVELOPE_UNREADABLE
   */
  payload(task: SealedPayload): unknown {
    const { payload, envelopeVersion } = task;
    if (envelopeVersion === undefined || !isEncrypted(payload)) return expandJson(payload);
    return openJson(payload, placeOf(task, 'payload'), this.#cipher);
  }

  /** Without the key its name and code are all there is to see. */
  failure(stored: TaskFailure, of: ReportOf): TaskFailure {
    return decryptFailure(stored, of, this.#cipher);
  }

  progress(stored: unknown, of: ReportOf): unknown {
    const place = placeOf(of, 'progress');
    try {
      return decryptJson(stored, place, this.#cipher);
    } catch (error) {
      return inPlace(error, stored);
    }
  }

  line(stored: TaskLogEntry, of: ReportOf): TaskLogEntry {
    return decryptLine(stored, of, this.#cipher);
  }

  /** A task with its failure as it was thrown. */
  withFailure<T extends TaskDetail>(task: T): T {
    return task.failure ? { ...task, failure: this.failure(task.failure, task) } : task;
  }

  /** A task with what it told while it ran, and with how it failed, as that was. */
  withReport<T extends TaskDetail>(task: T): T {
    const { progress, log } = task;
    const told = {
      ...(progress === undefined ? {} : { progress: this.progress(progress, task) }),
      log: log.map((line) => this.line(line, task)),
    };
    return { ...this.withFailure(task), ...told };
  }
}

/** What is shown of a value that could not be read. It is for showing only: never for storing. */
export const inPlace = (error: unknown, stored: unknown): unknown =>
  isGoflowError(error, 'KEY_MISSING') ? ENCRYPTED_TEXT : stored;

/** Only these two: `of` may be a whole task. */
const placeOf = ({ type, id }: ReportOf, kind: CipherPlace['kind']): CipherPlace => ({
  kind,
  type,
  id,
});
