import { GoflowError, type TaskId } from '@goflow/shared';
import type { PushResult } from './task-sender.js';

/** What became of one task of many. */
export type PushOutcome =
  | { readonly id: TaskId; readonly pushed: true; readonly deduplicated: boolean }
  | { readonly id: TaskId; readonly pushed: false; readonly error: Error };

/**
 * Some of many tasks did not get in (PUSH_INCOMPLETE). Those with `pushed: true` are in Redis; an `error` of BROKER_UNAVAILABLE
 * with `details.sent` may be, too: ask `status(id)` before pushing again.
 */
export class PushIncompleteError extends GoflowError {
  override readonly name = 'PushIncompleteError';
  /** In the order of the payloads. */
  readonly outcomes: readonly PushOutcome[];

  constructor(results: readonly PushResult[]) {
    const failed = results.flatMap((result) => ('error' in result ? [result.error] : []));
    const message = `${failed.length} of ${results.length} tasks were not pushed; the first: ${failed[0]?.message ?? ''}`;
    super('PUSH_INCOMPLETE', message, { cause: failed[0] });
    this.outcomes = results.map((result) =>
      'error' in result ? { ...result, pushed: false } : { ...result, pushed: true },
    );
  }

  /** The ids, when every task is in. @throws PUSH_INCOMPLETE */
  static idsOf(results: readonly PushResult[]): TaskId[] {
    if (results.some((result) => 'error' in result)) throw new PushIncompleteError(results);
    return results.map(({ id }) => id);
  }
}
