import {
  checkInteger,
  GoflowError,
  invalidOption,
  MAX_HORIZON_MS,
  parseTaskId,
  type TaskId,
  type TaskIdParts,
  toFailure,
  toMs,
} from '@goflow/shared';

/**
 * What every store asks of a result that it is to keep. Gives the parts of the id.
 *
 * @throws OPTION_INVALID for an id that is none, or a time that is no integer from 1 ms to 366 days.
 */
export function checkKept(id: TaskId, ttlMs: number): TaskIdParts {
  const parts = parseTaskId(id);
  if (parts === undefined) throw invalidOption('id', 'a task id', id);
  checkInteger('ttlMs', ttlMs, [1, MAX_HORIZON_MS]);
  return parts;
}

/** The longest that one call of a store may take, in milliseconds. @throws OPTION_INVALID */
export function storeTimeoutMs(given: unknown): number {
  return toMs('timeout', given ?? '5s', { minMs: 10, maxMs: 600_000 });
}

/**
 * RESULT_STORE_AWAY, with what the store's client threw, but for what that error holds beside its message and may be secret.
 * `advice` ends the message.
 */
export function resultStoreAway(thrown: unknown, advice = ''): GoflowError {
  const { name, message, code } = toFailure(thrown, '');
  const told = message.replace(/:\/\/[^\s/@]*@/g, '://***@');
  const cause = Object.assign(new Error(told), code === '' ? { name } : { name, code });
  return new GoflowError('RESULT_STORE_AWAY', `the result store is away: ${told}${advice}`, {
    cause,
  });
}
