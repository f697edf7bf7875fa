import {
  checkInteger,
  checkPrefix,
  checkQueueName,
  type Duration,
  type DurationLimits,
  type EncryptionOptions,
  GoflowError,
  invalidOption,
  resolveCompressAbove,
  toMs,
} from '@goflow/shared';
import { LOG_LEVELS, type LogLevel } from '@goflow/telemetry/logger';
import { Command, Option } from 'commander';
import { checkConcurrency } from '../options.js';
import { readEncryptionKeys } from './encryption-keys.js';
import { type GivenTokens, readTokens } from './tokens.js';

/** What the program was told, checked. */
export interface ProgramSettings {
  readonly tasks: string;
  readonly handlers: string;
  readonly redis: string;
  readonly prefix: string | undefined;
  readonly concurrency: number | Readonly<Record<string, number>>;
  readonly port: number | undefined;
  readonly host: string;
  readonly token: GivenTokens | undefined;
  readonly readToken: GivenTokens | undefined;
  /** In milliseconds. */
  readonly grace: number;
  readonly lease: Duration;
  readonly sharedCalls: boolean;
  /** In bytes. */
  readonly compressAbove: number | undefined;
  readonly encryptionKeys: EncryptionOptions | undefined;
  readonly logLevel: LogLevel;
}

/** A flag as `--help` shows it. */
export interface ProgramFlag {
  /** As commander writes it: `--redis <url>`. */
  readonly flags: string;
  readonly help: string;
  /** Not for people: `--help` does not show it. @default false */
  readonly hidden?: boolean;
}

/** One flag: its environment variable, what it is, and how its text is read. */
interface Flag {
  readonly flag: string;
  readonly env: string;
  readonly help: string;
  readonly fallback?: string;
  readonly read: (text: string) => unknown;
}

function text(value: string): string {
  if (value.trim() !== '') return value;
  throw new GoflowError('OPTION_INVALID', 'expected a text, got nothing');
}

/** Never on the command line, which every user of a machine can read. */
type Secret = 'token' | 'readToken';

const FLAGS: Readonly<Record<keyof Omit<ProgramSettings, Secret>, Flag>> = {
  tasks: {
    flag: '--tasks <file>',
    env: 'GOFLOW_TASKS',
    help: 'module that exports `tasks`, what defineTasks() returned',
    read: text,
  },
  handlers: {
    flag: '--handlers <dir>',
    env: 'GOFLOW_HANDLERS',
    help: 'directory of handler modules: every .js, .mjs, .cjs file in it and below; .ts where it can be run',
    read: text,
  },
  redis: {
    flag: '--redis <url>',
    env: 'REDIS_URL',
    help: 'where Redis is',
    fallback: 'redis://127.0.0.1:6379',
    read: text,
  },
  prefix: {
    flag: '--prefix <name>',
    env: 'GOFLOW_PREFIX',
    help: 'what every key in Redis begins with (default: goflow)',
    read: checkPrefix,
  },
  concurrency: {
    flag: '--concurrency <n>',
    env: 'GOFLOW_CONCURRENCY',
    help: 'tasks at once in each queue, or by queue: default=10,images=2',
    fallback: '10',
    read: readConcurrency,
  },
  port: {
    flag: '--port <n>',
    env: 'GOFLOW_PORT',
    help: 'port of metrics, health and live concurrency, 0 for any free one (default: none)',
    read: (value) => checkInteger('--port', toNumber(value), [0, 65_535]),
  },
  host: {
    flag: '--host <address>',
    env: 'GOFLOW_HOST',
    help: 'address to listen on; any but this machine’s own needs a token',
    fallback: '127.0.0.1',
    read: text,
  },
  grace: {
    flag: '--grace <duration>',
    env: 'GOFLOW_GRACE',
    help: 'how long running tasks may go on after SIGTERM before they are handed back',
    fallback: '25s',
    read: (value) => readDuration('--grace', value, { maxMs: 3_600_000 }),
  },
  lease: {
    flag: '--lease <duration>',
    env: 'GOFLOW_LEASE',
    help: 'how long a task stays a worker’s without a sign of life',
    fallback: '30s',
    read: (value) => readDuration('--lease', value, { minMs: 1_000, maxMs: 3_600_000 }),
  },
  sharedCalls: {
    flag: '--shared-calls <on|off>',
    env: 'GOFLOW_SHARED_CALLS',
    help: 'whether tasks share calls of Redis',
    fallback: 'on',
    read: readOnOff,
  },
  compressAbove: {
    flag: '--compress-above <bytes>',
    env: 'GOFLOW_COMPRESS_ABOVE',
    help: 'compress results of more bytes of JSON than this, 256 or more (default: never)',
    read: (value) => resolveCompressAbove(toNumber(value)),
  },
  encryptionKeys: {
    flag: '--encryption-keys <file>',
    env: 'GOFLOW_ENCRYPTION_KEYS_FILE',
    help: 'JSON file of the keys that payloads and results are encrypted with (default: none)',
    read: readEncryptionKeys,
  },
  logLevel: {
    flag: '--log-level <level>',
    env: 'GOFLOW_LOG_LEVEL',
    help: LOG_LEVELS.join(', '),
    fallback: 'info',
    read: readLogLevel,
  },
};

const epilogueOf = (name: string): string => `
Environment:
  Each flag can be set by the variable named with it; a flag wins.
  GOFLOW_TOKEN, GOFLOW_TOKEN_FILE
      bearer token for live concurrency: at least 16 characters, never on the
      command line
  GOFLOW_READ_TOKEN, GOFLOW_READ_TOKEN_FILE
      bearer token for reading metrics and concurrency; without it metrics are
      open
  Several tokens, one a line, are all good: for the time in which they are
  changed.

Signals:
  SIGTERM, SIGINT
      stop: take nothing new, wait for running tasks, hand back the rest,
      exit 0; a second one exits at once

Example:
  ${name} --tasks ./tasks.js --handlers ./handlers --port 9464
`;

/** The program's own command line: `--help` says all there is to know. */
export function createCommand(
  version: string,
  { name = 'goflow-worker', more = [] }: { name?: string; more?: readonly ProgramFlag[] } = {},
): Command {
  const command = new Command(name)
    .description('Runs the handlers of goflow tasks.')
    .version(version)
    .addHelpText('after', epilogueOf(name))
    .allowExcessArguments(false)
    .showHelpAfterError(`(${name} --help lists the flags)`);
  for (const { flags, help, hidden } of [...programFlags(), ...more])
    command.addOption(new Option(flags, help).hideHelp(hidden === true));
  return command;
}

/** All flags, as `--help` shows them. */
export function programFlags(): readonly ProgramFlag[] {
  return Object.values(FLAGS).map(({ flag, env, help, fallback }) => {
    const or = fallback === undefined ? '' : `, default: ${fallback}`;
    return { flags: flag, help: `${help} (env: ${env}${or})` };
  });
}

/**
 * Reads the settings: flags first, then environment, then defaults. Pure but for the token files.
 *
 * @throws OPTION_INVALID naming the flag or the variable
 */
export function readSettings(
  flags: Readonly<Record<string, string | undefined>>,
  env: Readonly<Record<string, string | undefined>>,
): ProgramSettings {
  const read = Object.entries(FLAGS).map(([name, flag]) => [
    name,
    readOne(flag, flags[name], env[flag.env]),
  ]);
  const settings = Object.fromEntries(read) as Omit<ProgramSettings, Secret>;
  if (settings.tasks === undefined) throw missing(FLAGS.tasks);
  if (settings.handlers === undefined) throw missing(FLAGS.handlers);
  const token = readTokens('GOFLOW_TOKEN', env);
  return { ...settings, token, readToken: readTokens('GOFLOW_READ_TOKEN', env) };
}

function readOne(
  { read, fallback, flag, env }: Flag,
  given: string | undefined,
  set: string | undefined,
): unknown {
  const value = given ?? (set === '' ? undefined : set) ?? fallback;
  if (value === undefined) return undefined;
  try {
    return read(value);
  } catch (error) {
    const source = given === undefined ? env : flag;
    throw new GoflowError('OPTION_INVALID', `${source}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function missing({ flag, env }: Flag): GoflowError {
  return new GoflowError('OPTION_INVALID', `${flag} (or ${env}) is missing`);
}

function readConcurrency(value: string): number | Record<string, number> {
  if (!value.includes('=')) return checkConcurrency(toNumber(value));
  const sizes = new Map<string, number>();
  for (const pair of value.split(',')) {
    const [name = '', ...size] = pair.split('=');
    const queue = checkQueueName('queue', name.trim());
    if (sizes.has(queue)) throw invalidOption(queue, 'given once', value);
    sizes.set(queue, checkConcurrency(toNumber(size.join('=')), queue));
  }
  return Object.fromEntries(sizes);
}

/** Digits only: `Number('')` is 0, and a mistake. */
const toNumber = (value: string): unknown => (/^\d+$/.test(value.trim()) ? Number(value) : value);

function readDuration(name: string, value: string, limits: DurationLimits): number {
  return toMs(name, toNumber(value), limits);
}

function readOnOff(value: string): boolean {
  if (value === 'on' || value === 'off') return value === 'on';
  throw new GoflowError('OPTION_INVALID', `expected on or off, got "${value}"`);
}

function readLogLevel(value: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === value);
  if (level) return level;
  throw new GoflowError(
    'OPTION_INVALID',
    `expected one of ${LOG_LEVELS.join(', ')}, got "${value}"`,
  );
}
