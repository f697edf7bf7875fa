import {
  checkInteger,
  checkQueueName,
  type Duration,
  GoflowError,
  invalidOption,
  toMs,
} from '@goflow/shared';
import type { GivenOptions } from '../../command.js';
import { numberOf, textOf, toDuration } from '../../input/given.js';
import type { Settings } from '../../settings/settings.js';

/** What `goflow exec` was told. */
export interface ExecOptions {
  readonly infile: string | undefined;
  readonly outfile: string | undefined;
  readonly threads: number | undefined;
  readonly isVerbose: boolean;
  readonly order: 'given' | 'completed';
  readonly isStrict: boolean;
  readonly commandTimeout: Duration | undefined;
  /** The queue on Redis; `undefined`: here. */
  readonly queue: string | undefined;
}

const QUEUE = 'exec';

/** @throws OPTION_INVALID */
export function readExecOptions(given: GivenOptions, { isRedisFlag }: Settings): ExecOptions {
  const threads = numberOf(given, 'max_threads');
  if (threads !== undefined) checkInteger('--max_threads', threads, [1, Number.MAX_SAFE_INTEGER]);
  return {
    infile: textOf(given, 'infile'),
    outfile: textOf(given, 'outfile'),
    threads,
    isVerbose: given.verbose === true,
    order: orderOf(textOf(given, 'order') ?? 'given'),
    isStrict: given.fail === true,
    commandTimeout: timeoutOf(textOf(given, 'commandTimeout')),
    queue: queueOf(textOf(given, 'queue'), isRedisFlag),
  };
}

function orderOf(order: string): 'given' | 'completed' {
  if (order === 'given' || order === 'completed') return order;
  throw invalidOption('--order', 'given or completed', order);
}

function timeoutOf(text: string | undefined): Duration | undefined {
  if (text === undefined) return undefined;
  const timeout = toDuration(text);
  toMs('--command-timeout', timeout, { minMs: 1 });
  return timeout;
}

function queueOf(queue: string | undefined, isRedisFlag: boolean): string | undefined {
  if (isRedisFlag) return checkQueueName('--queue', queue ?? QUEUE);
  if (queue === undefined) return undefined;
  const message = '--queue needs --redis <url>: without it the commands run here, in no queue';
  throw new GoflowError('OPTION_INVALID', message);
}
