import { ENCRYPTED_TEXT, type TaskFailure } from '../errors/task-failure.js';
import type { TaskLogEntry } from '../task/task-detail.js';
import type { Cipher, CipherPlace } from './cipher.js';
import { decryptJson, encryptJson, isEncrypted } from './encrypted-json.js';

export { ENCRYPTED_TEXT };

/** Which task a report is of. */
export type ReportOf = Pick<CipherPlace, 'type' | 'id'>;

/** A failure of which only name and code are in the clear: its message may quote a payload. */
export function encryptFailure(failure: TaskFailure, of: ReportOf, cipher: Cipher): TaskFailure {
  const { name, code, ...rest } = failure;
  const json = encryptJson(JSON.stringify(rest), placeOf(of, 'failure'), cipher);
  const details: unknown = JSON.parse(json);
  return { name, message: ENCRYPTED_TEXT, code, details };
}

/** The failure that was encrypted; one without what cannot be read here; any other as it is. It never throws. */
export function decryptFailure(
  failure: TaskFailure,
  of: ReportOf,
  cipher: Cipher | undefined,
): TaskFailure {
  const { name, message, code, details } = failure;
  if (message !== ENCRYPTED_TEXT || !isEncrypted(details)) return failure;
  try {
    const rest = decryptJson(details, placeOf(of, 'failure'), cipher);
    return { name, code, ...(rest as Omit<TaskFailure, 'name' | 'code'>) };
  } catch {
    return { name, message, code };
  }
}

/** A log line without its words. */
export function encryptLine(line: TaskLogEntry, of: ReportOf, cipher: Cipher): TaskLogEntry {
  const { message, fields, ...rest } = line;
  const packed = encryptJson(JSON.stringify({ message, fields }), placeOf(of, 'log'), cipher);
  return { ...rest, message: ENCRYPTED_TEXT, fields: JSON.parse(packed) };
}

/** The line that was encrypted; one without what cannot be read here; any other as it is. It never throws. */
export function decryptLine(
  line: TaskLogEntry,
  of: ReportOf,
  cipher: Cipher | undefined,
): TaskLogEntry {
  const { fields, ...rest } = line;
  if (line.message !== ENCRYPTED_TEXT || !isEncrypted(fields)) return line;
  try {
    const words = decryptJson(fields, placeOf(of, 'log'), cipher);
    return { ...rest, ...(words as Pick<TaskLogEntry, 'message' | 'fields'>) };
  } catch {
    return rest;
  }
}

/** Only these two: `of` may be a whole task. */
const placeOf = ({ type, id }: ReportOf, kind: CipherPlace['kind']): CipherPlace => ({
  kind,
  type,
  id,
});
