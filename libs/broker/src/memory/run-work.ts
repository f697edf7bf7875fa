import {
  encodeJson,
  escapeEncrypted,
  escapeJson,
  type TaskOutcome,
  toFailure,
} from '@goflow/shared';
import type { Work } from './stored-task.js';

/** The type of a task that is a function. */
export const FUNCTION_TYPE = 'function';

/** The same as the results of tasks may have, unless a worker says otherwise. */
const RESULT_LIMIT = 1024 * 1024;

/** Runs a function that was queued. It never throws: whatever happens is an outcome, and a function has one attempt. */
export async function runWork(work: Work, signal: AbortSignal): Promise<TaskOutcome> {
  try {
    return { kind: 'completed', resultJson: encodeResult(await work(signal)) };
  } catch (thrown) {
    return { kind: 'failed', failure: toFailure(thrown) };
  }
}

/** What is no plain JSON has no place in the queue: who queued the function can get it from the function itself. */
function encodeResult(result: unknown): string | undefined {
  try {
    const json = encodeJson(result, {
      subject: 'result of a function',
      notSerializable: 'RESULT_NOT_SERIALIZABLE',
      tooLarge: 'RESULT_TOO_LARGE',
      limitBytes: RESULT_LIMIT,
    });
    // As a worker does: a client reads what looks compressed or encrypted. The text never leaves this process, and is not encrypted.
    return escapeEncrypted(escapeJson(json));
  } catch {
    return undefined;
  }
}
