import { resolve } from 'node:path';
import { checkRedisUrl } from '@goflow/broker/redis-url';
import { checkPrefix } from '@goflow/shared';
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
  /** How long Redis may take, as a duration. @default '5s' */
  readonly timeout: string;
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
 * @throws OPTION_INVALID naming the flag, the variable, or the line of the file
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
  const valueIn = ({ name, env: variable }: SettingSpec): string | undefined =>
    (flags[name] as string | undefined) ??
    ((isAllRead && env[variable]) || undefined) ??
    file?.values[name];
  const given = Object.fromEntries(SETTINGS.map((spec) => [spec.name, valueIn(spec)]));
  const { redis, prefix, timeout = '5s', tasks, encryptionKeys } = given;
  return {
    redis: checkRedisUrl('--redis (or REDIS_URL)', redis ?? 'redis://127.0.0.1:6379'),
    isRedisGiven: redis !== undefined,
    isRedisFlag: flags.redis !== undefined,
    prefix: prefix === undefined ? undefined : checkPrefix(prefix),
    tasks: tasks === undefined ? undefined : resolve(cwd, tasks),
    encryptionKeys: encryptionKeys === undefined ? undefined : resolve(cwd, encryptionKeys),
    timeout,
    json: flags.json === true,
    file: file?.path,
  };
}
