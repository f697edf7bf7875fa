import { checkRedisUrl } from '@goflow/broker/redis-url';
import { checkPrefix, GoflowError } from '@goflow/shared';
import { checkGroup, checkMaxLabels } from '@goflow/shared/metrics';
import { LOG_LEVELS } from '@goflow/telemetry/logger';
import { readEncryptionKeys } from './encryption-keys.js';
import { readLogLevel, readText, toNumber } from './read-texts.js';

/** One flag: its environment variable, what it is, and how its text is read. */
export interface Flag {
  readonly flag: string;
  readonly env: string;
  readonly help: string;
  readonly fallback?: string;
  /** Given several times, its texts are one list, with commas. @default the last one counts */
  readonly isRepeatable?: boolean;
  readonly read: (text: string) => unknown;
}

/** Flags and variables, by name. */
export type Texts = Readonly<Record<string, string | undefined>>;

/** Those that say the same to every program: what there is, where Redis is, and how to speak. */
export const SHARED_FLAGS = {
  tasks: {
    flag: '--tasks <file>',
    env: 'GOFLOW_TASKS',
    help: 'module that exports `tasks`, what defineTasks() returned',
    read: readText,
  },
  redis: {
    flag: '--redis <url>',
    env: 'REDIS_URL',
    help: 'where Redis is: redis://…, redis+cluster://… or redis+sentinel://…',
    fallback: 'redis://127.0.0.1:6379',
    read: (value) => checkRedisUrl('redis', value),
  },
  prefix: {
    flag: '--prefix <name>',
    env: 'GOFLOW_PREFIX',
    help: 'what every key in Redis begins with (default: goflow)',
    read: checkPrefix,
  },
  host: {
    flag: '--host <address>',
    env: 'GOFLOW_HOST',
    help: 'address to listen on; any but this machine’s own needs a token',
    fallback: '127.0.0.1',
    read: readText,
  },
  encryptionKeys: {
    flag: '--encryption-keys <file>',
    env: 'GOFLOW_ENCRYPTION_KEYS_FILE',
    help: 'JSON file of the keys that payloads and results are encrypted with (default: none)',
    read: readEncryptionKeys,
  },
  metricTypes: {
    flag: '--metric-types <n>',
    env: 'GOFLOW_METRIC_TYPES',
    help: 'task types with a label of their own in metrics; the rest is other',
    fallback: '500',
    read: (value) => checkMaxLabels('--metric-types', toNumber(value)),
  },
  metricQueues: {
    flag: '--metric-queues <n>',
    env: 'GOFLOW_METRIC_QUEUES',
    help: 'queues with a label of their own in metrics; the rest is other',
    fallback: '500',
    read: (value) => checkMaxLabels('--metric-queues', toNumber(value)),
  },
  metricGroup: {
    flag: '--metric-group <name>',
    env: 'GOFLOW_METRIC_GROUP',
    help: 'processes that one Prometheus scrapes, where several do (default: none)',
    read: (value) => checkGroup('--metric-group', value),
  },
  logLevel: {
    flag: '--log-level <level>',
    env: 'GOFLOW_LOG_LEVEL',
    help: LOG_LEVELS.join(', '),
    fallback: 'info',
    read: readLogLevel,
  },
} as const satisfies Readonly<Record<string, Flag>>;

/**
 * What a flag says: as it was given, else by its variable, else its fallback; `undefined` without any.
 *
 * @throws OPTION_INVALID naming the flag or the variable
 */
export function readFlag(
  { read, fallback, flag, env }: Flag,
  given: string | undefined,
  variables: Texts,
): unknown {
  const set = variables[env];
  const value = given ?? (set === '' ? undefined : set) ?? fallback;
  if (value === undefined) return undefined;
  try {
    return read(value);
  } catch (cause) {
    const source = given === undefined ? env : flag;
    throw new GoflowError('OPTION_INVALID', `${source}: ${(cause as Error).message}`, { cause });
  }
}
