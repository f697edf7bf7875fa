import { checkInteger, GoflowError } from '@goflow/shared';
import type { LogLevel } from '@goflow/telemetry/logger';
import {
  type Flag,
  type GivenTokens,
  readDuration,
  readFlag,
  readOnOff,
  readTokens,
  SHARED_FLAGS,
  type Texts,
  toNumber,
} from '@goflow/worker/modules';
import { Command, Option } from 'commander';
import type { GatewayOptions } from '../options.js';

/** What the program was told, checked. */
export interface ProgramSettings
  extends Required<
    Pick<
      GatewayOptions,
      | 'prefix'
      | 'rateLimit'
      | 'bodyLimit'
      | 'dashboard'
      | 'metricTypes'
      | 'metricQueues'
      | 'metricGroup'
    >
  > {
  readonly tasks: string;
  readonly redis: string;
  readonly port: number;
  readonly host: string;
  /** In milliseconds. */
  readonly grace: number;
  readonly encryptionKeys: GatewayOptions['encryption'];
  readonly logLevel: LogLevel;
  readonly readToken: GivenTokens | undefined;
  readonly pushToken: GivenTokens | undefined;
  readonly operateToken: GivenTokens | undefined;
}

/** Never on the command line, which every user of a machine can read. */
type Secret = 'readToken' | 'pushToken' | 'operateToken';

const FLAGS: Readonly<Record<keyof Omit<ProgramSettings, Secret>, Flag>> = {
  tasks: SHARED_FLAGS.tasks,
  redis: SHARED_FLAGS.redis,
  prefix: SHARED_FLAGS.prefix,
  port: {
    flag: '--port <n>',
    env: 'GOFLOW_PORT',
    help: 'port to listen on, 0 for any free one',
    fallback: '8080',
    read: (value) => checkInteger('--port', toNumber(value), [0, 65_535]),
  },
  host: SHARED_FLAGS.host,
  dashboard: {
    flag: '--dashboard <on|off>',
    env: 'GOFLOW_DASHBOARD',
    help: 'whether people get pages at /dashboard',
    fallback: 'on',
    read: readOnOff,
  },
  rateLimit: {
    flag: '--rate-limit <n>',
    env: 'GOFLOW_RATE_LIMIT',
    help: 'requests that one caller may make in a second',
    fallback: '1000',
    read: (value) => checkInteger('--rate-limit', toNumber(value), [1, 1_000_000]),
  },
  bodyLimit: {
    flag: '--body-limit <bytes>',
    env: 'GOFLOW_BODY_LIMIT',
    help: 'largest body of a request',
    fallback: '4194304',
    read: (value) => checkInteger('--body-limit', toNumber(value), [1_024, 67_108_864]),
  },
  grace: {
    flag: '--grace <duration>',
    env: 'GOFLOW_GRACE',
    help: 'how long requests may go on after SIGTERM',
    fallback: '10s',
    read: (value) => readDuration('--grace', value, { maxMs: 3_600_000 }),
  },
  metricTypes: SHARED_FLAGS.metricTypes,
  metricQueues: SHARED_FLAGS.metricQueues,
  metricGroup: SHARED_FLAGS.metricGroup,
  encryptionKeys: SHARED_FLAGS.encryptionKeys,
  logLevel: SHARED_FLAGS.logLevel,
};

const EPILOGUE = `
Environment:
  Each flag can be set by the variable named with it; a flag wins.
  GOFLOW_READ_TOKEN, GOFLOW_PUSH_TOKEN, GOFLOW_OPERATE_TOKEN
      bearer tokens of who may look; of who may also push and cancel; of who
      may do all. At least 16 characters, never on the command line. Each can
      be read from the file that <name>_FILE names; several, one a line, are
      all good: for the time in which they are changed.

Signals:
  SIGTERM, SIGINT
      stop: take no new request, let those that run end, exit 0; a second one
      exits at once

Example:
  goflow-gateway --tasks ./tasks.js --port 8080
`;

/** The program's command line: `--help` says all there is to know. */
export function createCommand(version: string): Command {
  const command = new Command('goflow-gateway')
    .description('The HTTP face of goflow: push tasks and ask for results, with a dashboard.')
    .version(version)
    .addHelpText('after', EPILOGUE)
    .allowExcessArguments(false)
    .showHelpAfterError('(goflow-gateway --help lists the flags)');
  for (const { flag, env, help, fallback } of Object.values(FLAGS)) {
    const or = fallback === undefined ? '' : `, default: ${fallback}`;
    command.addOption(new Option(flag, `${help} (env: ${env}${or})`));
  }
  return command;
}

/**
 * Reads the settings: flags first, then environment, then defaults. Pure but for the files of tokens and keys.
 *
 * @throws OPTION_INVALID naming the flag or the variable
 */
export function readSettings(flags: Texts, env: Texts): ProgramSettings {
  const read = Object.entries(FLAGS).map(([name, flag]) => [
    name,
    readFlag(flag, flags[name], env),
  ]);
  const given = Object.fromEntries(read) as Omit<ProgramSettings, Secret>;
  if (given.tasks === undefined)
    throw new GoflowError('OPTION_INVALID', '--tasks <file> (or GOFLOW_TASKS) is missing');
  return {
    ...given,
    readToken: readTokens('GOFLOW_READ_TOKEN', env),
    pushToken: readTokens('GOFLOW_PUSH_TOKEN', env),
    operateToken: readTokens('GOFLOW_OPERATE_TOKEN', env),
  };
}
