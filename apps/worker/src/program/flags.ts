import {
  checkInteger,
  type Duration,
  type EncryptionOptions,
  GoflowError,
  resolveCompressAbove,
  type WorkerLabels,
} from '@goflow/shared';
import type { LogLevel } from '@goflow/telemetry/logger';
import { Command, Option } from 'commander';
import { checkConcurrency } from '../concurrency/concurrency-options.js';
import { EXEC_FLAGS, type ExecFlags, type ExecSettings, execSettingsOf } from './exec-programs.js';
import {
  readConcurrency,
  readDuration,
  readLabels,
  readOnOff,
  readText,
  toNumber,
} from './read-texts.js';
import { type Flag, readFlag, SHARED_FLAGS } from './shared-flags.js';
import { type GivenTokens, readTokens } from './tokens.js';

/** What the program was told, checked. */
export interface ProgramSettings {
  /** There unless it runs commands only. */
  readonly tasks: string | undefined;
  readonly handlers: string | undefined;
  readonly redis: string;
  readonly prefix: string | undefined;
  readonly concurrency: number | Readonly<Record<string, number>>;
  readonly minConcurrency: number | undefined;
  readonly maxConcurrency: number | undefined;
  readonly label: WorkerLabels | undefined;
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
  readonly metricTypes: number;
  readonly metricQueues: number;
  readonly metricGroup: string | undefined;
  readonly encryptionKeys: EncryptionOptions | undefined;
  readonly logLevel: LogLevel;
  /** `undefined`: it runs no commands. */
  readonly exec: ExecSettings | undefined;
}

/** A flag as `--help` shows it. */
export interface ProgramFlag {
  /** As commander writes it: `--redis <url>`. */
  readonly flags: string;
  readonly help: string;
  /** Not for people: `--help` does not show it. @default false */
  readonly hidden?: boolean;
  /** Given several times, its texts are one list, with commas. @default the last one counts */
  readonly isRepeatable?: boolean;
}

/** Never on the command line, which every user of a machine can read. */
type Secret = 'token' | 'readToken';
/** What each flag says. */
type FlagSettings = Omit<ProgramSettings, Secret | 'exec'> & ExecFlags;

const FLAGS: Readonly<Record<keyof FlagSettings, Flag>> = {
  tasks: SHARED_FLAGS.tasks,
  handlers: {
    flag: '--handlers <dir>',
    env: 'GOFLOW_HANDLERS',
    help: 'directory of handler modules: every .js, .mjs, .cjs file in it and below; .ts where it can be run',
    read: readText,
  },
  redis: SHARED_FLAGS.redis,
  prefix: SHARED_FLAGS.prefix,
  concurrency: {
    flag: '--concurrency <n>',
    env: 'GOFLOW_CONCURRENCY',
    help: 'tasks at once in each queue, or by queue: default=10,images=2',
    fallback: '10',
    read: readConcurrency,
  },
  minConcurrency: {
    flag: '--min-concurrency <n>',
    env: 'GOFLOW_MIN_CONCURRENCY',
    help: 'keep at least this concurrency, whatever is wanted (default: 0)',
    read: (value) => checkConcurrency(toNumber(value), '--min-concurrency'),
  },
  maxConcurrency: {
    flag: '--max-concurrency <n>',
    env: 'GOFLOW_MAX_CONCURRENCY',
    help: 'keep at most this concurrency, whatever is wanted (default: 10000)',
    read: (value) => checkConcurrency(toNumber(value), '--max-concurrency'),
  },
  label: {
    flag: '--label <key=value>',
    env: 'GOFLOW_LABELS',
    help: 'what this worker is, for rules of the fleet; may be repeated, or list several: region=eu,tier=a',
    isRepeatable: true,
    read: readLabels,
  },
  port: {
    flag: '--port <n>',
    env: 'GOFLOW_PORT',
    help: 'port of metrics, health and live concurrency, 0 for any free one (default: none)',
    read: (value) => checkInteger('--port', toNumber(value), [0, 65_535]),
  },
  host: SHARED_FLAGS.host,
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
  metricTypes: SHARED_FLAGS.metricTypes,
  metricQueues: SHARED_FLAGS.metricQueues,
  metricGroup: SHARED_FLAGS.metricGroup,
  encryptionKeys: SHARED_FLAGS.encryptionKeys,
  logLevel: SHARED_FLAGS.logLevel,
  ...EXEC_FLAGS,
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
  for (const { flags, help, hidden, isRepeatable } of [...programFlags(), ...more]) {
    const option = new Option(flags, help).hideHelp(hidden === true);
    if (isRepeatable) option.argParser(listed);
    command.addOption(option);
  }
  return command;
}

const listed = (value: string, before: string | undefined): string =>
  before === undefined ? value : `${before},${value}`;

/** All flags, as `--help` shows them. */
export function programFlags(): readonly ProgramFlag[] {
  return Object.values(FLAGS).map(({ flag, env, help, fallback, isRepeatable = false }) => {
    const or = fallback === undefined ? '' : `, default: ${fallback}`;
    return { flags: flag, help: `${help} (env: ${env}${or})`, isRepeatable };
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
    readFlag(flag, flags[name], env),
  ]);
  const given = Object.fromEntries(read) as FlagSettings;
  const { allowPrograms, allowEnv, execQueue, ...settings } = given;
  const exec = execSettingsOf({ allowPrograms, allowEnv, execQueue }, env);
  const { tasks, handlers } = settings;
  // Commands alone are enough; half of the rest is not.
  const isNeeded = !exec || (tasks ?? handlers) !== undefined;
  if (isNeeded && tasks === undefined) throw missing(FLAGS.tasks);
  if (isNeeded && handlers === undefined) throw missing(FLAGS.handlers);
  const token = readTokens('GOFLOW_TOKEN', env);
  return { ...settings, exec, token, readToken: readTokens('GOFLOW_READ_TOKEN', env) };
}

function missing({ flag, env }: Flag): GoflowError {
  return new GoflowError('OPTION_INVALID', `${flag} (or ${env}) is missing`);
}
