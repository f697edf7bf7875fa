import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, resolve } from 'node:path';
import { isGoflowError, type Logger, toFailure } from '@goflow/shared';
import { createLogger } from '@goflow/telemetry/logger';
import { FLUSH_MS, startTracing } from '@goflow/telemetry/program-tracing';
import { loadTasks, namingTokens, useTypeScript } from '@goflow/worker/modules';
import { CommanderError } from 'commander';
import { createGateway } from '../gateway.js';
import { createCommand, type ProgramSettings, readSettings } from './flags.js';

/** As in sysexits(3): the command was used wrongly; something it needs is not there; anything else. */
const EXIT = { usage: 2, unavailable: 69, software: 70, config: 78 } as const;
/** What closing may take after `grace`. */
const LAST_RESORT_MS = 5_000;

const TOKENS = {
  'http.readToken': 'GOFLOW_READ_TOKEN',
  'http.pushToken': 'GOFLOW_PUSH_TOKEN',
  'http.operateToken': 'GOFLOW_OPERATE_TOKEN',
};

/** Runs a gateway with what the command line and the environment say, until a signal ends the process. */
export async function runGateway(program: NodeJS.Process): Promise<void> {
  const command = createCommand(programVersion()).exitOverride();
  const flags = command.parse(program.argv.slice(2), { from: 'user' }).opts();
  const settings = readSettings(flags, program.env);
  const logger = createLogger({ level: settings.logLevel, fields: { gateway: program.pid } });
  const folders = [dirname(resolve(settings.tasks)), program.cwd()];
  const traces = await startTracing({ env: program.env, folders, service: 'goflow-gateway' });
  const tracing = traces?.tracing;
  await useTypeScript([settings.tasks], program.cwd());
  const options = { ...(await optionsOf(settings)), tracing, logger };
  const gateway = namingTokens(TOKENS, program.env, () => createGateway(options));
  listenToSignals(program, {
    graceMs: settings.grace,
    logger,
    stop: async () => {
      try {
        await gateway.stop();
      } finally {
        await traces?.stop();
      }
    },
  });
  await gateway.start();
  logger.info({ url: gateway.url, dashboard: `${gateway.url}/dashboard` }, 'listening');
}

/** What ends when a signal comes. */
interface Stopping {
  readonly graceMs: number;
  readonly logger: Logger;
  readonly stop: () => Promise<void>;
}

function listenToSignals(program: NodeJS.Process, { graceMs, logger, stop }: Stopping): void {
  let isStopping = false;
  const leave = (signal: NodeJS.Signals): void => {
    // As a shell tells it of who was ended by a signal.
    if (isStopping) program.exit(128 + constants.signals[signal]);
    isStopping = true;
    logger.info({ signal }, 'stopping');
    // It always exits, whatever hangs.
    setTimeout(() => program.exit(0), graceMs + LAST_RESORT_MS + FLUSH_MS).unref();
    stop().then(
      () => program.exit(0),
      (error: unknown) => {
        logger.error({ failure: toFailure(error, 'INTERNAL') }, 'the gateway did not stop cleanly');
        program.exit(EXIT.software);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) program.on(signal, leave);
}

async function optionsOf(settings: ProgramSettings) {
  const { tasks, redis, prefix, port, host, readToken, pushToken, operateToken } = settings;
  const { rateLimit, bodyLimit, dashboard, grace, encryptionKeys } = settings;
  const { metricTypes, metricQueues, metricGroup } = settings;
  return {
    tasks: await loadTasks(tasks),
    redis,
    prefix,
    http: { port, host, readToken, pushToken, operateToken },
    rateLimit,
    bodyLimit,
    dashboard,
    metricTypes,
    metricQueues,
    metricGroup,
    grace,
    encryption: encryptionKeys,
  };
}

/** Tells what the program ended with, and ends it: 2 used wrongly, 69 the port is taken, 70 anything else. */
export function endWith(error: unknown, program: NodeJS.Process): never {
  // Commander has said its own already.
  if (isGoflowError(error))
    program.stderr.write(`goflow-gateway: ${error.code}: ${error.message}\n`);
  else if (!(error instanceof CommanderError)) console.error(error);
  return program.exit(exitCodeOf(error));
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  if (isGoflowError(error, 'OPTION_INVALID')) return EXIT.usage;
  if (isGoflowError(error, 'PORT_IN_USE')) return EXIT.unavailable;
  return isGoflowError(error) ? EXIT.config : EXIT.software;
}

function programVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
