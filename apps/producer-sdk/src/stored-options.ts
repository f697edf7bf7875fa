import {
  invalidOption,
  MAX_HORIZON_MS,
  type ResolvedPushOptions,
  resolvePushOptions,
  resolveRetention,
  type TaskContract,
  type TaskEnvelope,
} from '@goflow/shared';

const NO_OPTIONS = resolvePushOptions(undefined);

/**
 * What goes with a task beside what every task has; `undefined` for nothing. Lengths of time become times, and what the contract says about
 * time is put in.
 *
 * @throws OPTION_INVALID for a `runAt` too far ahead
 */
export function storedOptions(
  contract: TaskContract,
  options: ResolvedPushOptions,
  pushedAt: number,
): Partial<TaskEnvelope> | undefined {
  const { startByMs, deadlineMs } = contract;
  const isPlain = options === NO_OPTIONS && startByMs === undefined && deadlineMs === undefined;
  return isPlain ? undefined : givenOptions(contract, options, pushedAt);
}

function givenOptions(
  contract: TaskContract,
  options: ResolvedPushOptions,
  pushedAt: number,
): Partial<TaskEnvelope> {
  const { id, delayMs: delay, runAt, startByMs, deadlineMs, retention, ...rest } = options;
  const { deduplication } = options;
  const debounceMs = deduplication?.mode === 'debounce' ? deduplication.windowMs : 0;
  const runAtMs = runAt === undefined ? 0 : Math.max(runAt - pushedAt, 0);
  if (runAtMs > MAX_HORIZON_MS)
    throw invalidOption('runAt', 'at most 366 days from now', new Date(runAt ?? 0).toISOString());
  const delayMs = delay ?? (runAtMs || debounceMs);
  const startMs = startByMs ?? contract.startByMs;
  const endMs = deadlineMs ?? contract.deadlineMs;
  return {
    ...rest,
    ...(delayMs > 0 ? { delayMs } : {}),
    ...(startMs === undefined ? {} : { startBy: pushedAt + delayMs + startMs }),
    ...(endMs === undefined ? {} : { deadline: pushedAt + endMs }),
    ...(retention && {
      retention: resolveRetention(retention, 'retention', contract.retention),
    }),
    ...(id === undefined ? {} : { isOwnId: true as const }),
  };
}
