import { GoflowError, type TaskId } from '@goflow/shared';

/** What became of one task of many. */
export type PushOutcome =
  | { readonly id: TaskId; readonly pushed: true }
  | { readonly id: TaskId; readonly pushed: false; readonly error: Error };

/**
 * Some of many tasks did not get in (PUSH_INCOMPLETE). Those with `pushed: true` are in Redis; an `error` of BROKER_UNAVAILABLE
 * with `details.sent` may be, too: ask `status(id)` before pushing again.
 */
export class PushIncompleteError extends GoflowError {
  override readonly name = 'PushIncompleteError';
  /** In the order of the payloads. */
  readonly outcomes: readonly PushOutcome[];

  constructor(ids: readonly TaskId[], errors: readonly (Error | undefined)[]) {
    const failed = errors.filter((error) => error !== undefined);
    const first = failed[0]?.message ?? '';
    super(
      'PUSH_INCOMPLETE',
      `${failed.length} of ${ids.length} tasks were not pushed; the first: ${first}`,
      {
        cause: failed[0],
      },
    );
    this.outcomes = ids.map((id, index) => {
      const error = errors[index];
      return error === undefined ? { id, pushed: true } : { id, pushed: false, error };
    });
  }
}
