import { resolve } from 'node:path';
import { checkRedisUrl } from '@goflow/broker/redis-url';
import { checkPrefix, type Duration, GoflowError, isGoflowError, toMs } from '@goflow/shared';
import { toDuration } from '../input/given.js';
import { readSettingsFile } from './settings-file.js';

/** What every command may be told, checked. */
export interface Settings {
  /** A URL. @default 'redis://127.0.0.1:6379' */
  readonly redis: string;
  /** Whether `redis` was said, and is not the default. */
  readonly isRedisGiven: boolean;
  /** Whether it was said on the command line. */
  readonly isRedisFlag: boolean;
  readonly prefix: string | undefined;
  /** Module of contracts: an absolute path. @default payloads are not checked here, but by the workers */
  readonly tasks: string | undefined;
  /** JSON file of keys: an absolute path. */
  readonly encryptionKeys: string | undefined;
  /** How long Redis may take. @default '5s' */
  readonly timeout: Duration;
  /** Answers as JSON: one document, or one a line where there are many. */
  readonly json: boolean;
  /** The file that was read. */
  readonly file: string | undefined;
}

/** One setting: its flag, its variable, its name in the file. */
export interface SettingSpec {
  readonly name: string;
  readonly flags: string;
  readonly env: string;
  readonly help: string;
}

export const SETTINGS: readonly SettingSpec[] = [
  {
    name: 'redis',
    flags: '--redis <url>',
    env: 'REDIS_URL',
    help: 'where Redis is: redis://…, redis+cluster://… or redis+sentinel://… (default: redis://127.0.0.1:6379)',
  },
  {
    name: 'prefix',
    flags: '--prefix <name>',
    env: 'GOFLOW_PREFIX',
    help: 'what every key in Redis begins with (default: goflow)',
  },
  {
    name: 'tasks',
    flags: '--tasks <file>',
    env: 'GOFLOW_TASKS',
    help: 'module that exports `tasks`: payloads are checked before they are pushed',
  },
  {
    name: 'encryptionKeys',
    flags: '--encryption-keys <file>',
    env: 'GOFLOW_ENCRYPTION_KEYS_FILE',
    help: 'JSON file of the keys that payloads and results are encrypted with',
  },
  {
    name: 'timeout',
    flags: '--timeout <duration>',
    env: 'GOFLOW_TIMEOUT',
    help: 'how long Redis may take to answer (default: 5s)',
  },
];

/** Where settings may come from. */
export interface SettingSources {
  /** As commander read them. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** False: only the flags are read, and a file that they name. @default true */
  readonly isAllRead?: boolean;
}

/**
 * Reads the settings: flags first, then the environment, then `.goflow.yaml` of this folder or the nearest above.
 *
 * @throws OPTION_INVALID naming the flag, the variable, or the file: nobody guesses which of them it was
 */
export async function readSettings({
  flags,
  env,
  cwd,
  isAllRead = true,
}: SettingSources): Promise<Settings> {
  const named = flags.config as string | undefined;
  const isFileRead = isAllRead || named !== undefined;
  const file = isFileRead ? await readSettingsFile({ cwd, named }, SETTINGS) : undefined;
  const find = ({ name, flags: flag, env: variable }: SettingSpec): Found => {
    if (flags[name] !== undefined) return { value: flags[name] as string, source: flag };
    if (isAllRead && env[variable]) return { value: env[variable], source: variable };
    return { value: file?.values[name], source: file?.path };
  };
  const found = Object.fromEntries(SETTINGS.map((spec) => [spec.name, find(spec)]));
  const { value: redis } = found.redis ?? {};
  const { value: tasks } = found.tasks ?? {};
  const { value: encryptionKeys } = found.encryptionKeys ?? {};
  return {
    redis: checked(found.redis, (url) => checkRedisUrl('redis', url)) ?? 'redis://127.0.0.1:6379',
    isRedisGiven: redis !== undefined,
    isRedisFlag: flags.redis !== undefined,
    prefix: checked(found.prefix, checkPrefix),
    tasks: tasks === undefined ? undefined : resolve(cwd, tasks),
    encryptionKeys: encryptionKeys === undefined ? undefined : resolve(cwd, encryptionKeys),
    timeout: checked(found.timeout, checkTimeout) ?? '5s',
    json: flags.json === true,
    file: file?.path,
  };
}

/** What a setting was given, and where. */
interface Found {
  readonly value: string | undefined;
  readonly source: string | undefined;
}

const TIMEOUT = { minMs: 10, maxMs: 600_000 };

function checkTimeout(text: string): Duration {
  const timeout = toDuration(text);
  toMs('timeout', timeout, TIMEOUT);
  return timeout;
}

function checked<T>(found: Found | undefined, check: (value: string) => T): T | undefined {
  if (found?.value === undefined) return undefined;
  try {
    return check(found.value);
  } catch (error) {
    if (!isGoflowError(error)) throw error;
    throw new GoflowError(error.code, `${found.source}: ${error.message}`);
  }
}
