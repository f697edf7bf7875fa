#!/usr/bin/env node
// The only file of this project that reads the environment, installs signal handlers or exits.
import { readFileSync } from 'node:fs';
import { isGoflowError, toFailure } from '@goflow/shared';
import { CommanderError } from 'commander';
import { createCommand, readSettings } from './program/flags.js';
import { type RunningProgram, reportEscaped, runProgram } from './program/run-program.js';

/** As in sysexits(3): the command was used wrongly; something it needs is not there; anything else. */
const EXIT = { usage: 2, unavailable: 69, software: 70, config: 78 } as const;

/** After `grace`, a stop takes half a second; this long it takes when everything hangs. */
const LAST_RESORT_MS = 1_900;

const version = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  }
).version;

async function main(): Promise<void> {
  const command = createCommand(version).exitOverride();
  command.parse();
  const settings = readSettings(command.opts(), process.env);
  const program = await runProgram(settings);
  listenToSignals(program, settings.grace);
  process.on('uncaughtException', (error) => reportEscaped(program, error));
  process.on('unhandledRejection', (reason) => reportEscaped(program, reason));
  await program.worker.start();
}

function listenToSignals({ worker, logger }: RunningProgram, graceMs: number): void {
  let stopping = false;
  const leave = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(signal === 'SIGINT' ? 130 : 143);
    stopping = true;
    logger.info({ signal }, 'stopping');
    // It always exits, whatever hangs.
    setTimeout(() => process.exit(0), graceMs + LAST_RESORT_MS).unref();
    worker.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        const reasons: unknown[] = error instanceof AggregateError ? error.errors : [error];
        const failures = reasons.map((reason) => toFailure(reason, 'INTERNAL'));
        logger.error({ failures }, 'the worker did not stop cleanly');
        process.exit(EXIT.software);
      },
    );
  };
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  if (isGoflowError(error, 'OPTION_INVALID')) return EXIT.usage;
  if (isGoflowError(error, 'PORT_IN_USE')) return EXIT.unavailable;
  if (isGoflowError(error)) return EXIT.config;
  return EXIT.software;
}

main().catch((error: unknown) => {
  // Commander has said its own already.
  if (isGoflowError(error))
    process.stderr.write(`goflow-worker: ${error.code}: ${error.message}\n`);
  else if (!(error instanceof CommanderError)) console.error(error);
  process.exit(exitCodeOf(error));
});
