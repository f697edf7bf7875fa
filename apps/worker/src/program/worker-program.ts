import { readFileSync } from 'node:fs';
import { killLiveCommands } from '@goflow/commands';
import { LEAVING_SIGNALS, type LeavingSignal, leavingCode } from '@goflow/commands/signals';
import { isGoflowError, toFailure } from '@goflow/shared';
import { FLUSH_MS } from '@goflow/telemetry/program-tracing';
import { CommanderError } from 'commander';
import { createCommand, type ProgramFlag, readSettings } from './flags.js';
import type { RunningProgram } from './run-program.js';

/** As in sysexits(3): the command was used wrongly; something it needs is not there; anything else. */
const EXIT = { usage: 2, unavailable: 69, software: 70, config: 78 } as const;

/** After `grace`, a stop takes half a second; this long it takes when everything hangs. */
const LAST_RESORT_MS = 1_900;

/** What a program needs of its process: `process` itself. */
export interface ProgramHost {
  readonly stderr: { write(text: string): unknown };
  on(event: 'exit', listener: () => void): unknown;
  on(event: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  on(
    event: 'uncaughtException' | 'unhandledRejection',
    listener: (thrown: unknown) => void,
  ): unknown;
  exit(code: number): never;
}

/** Flags as they were given, by name. */
export type GivenFlags = Readonly<Record<string, string | undefined>>;

/** The version of this package. */
export function programVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/**
 * Reads the command line of a program that is called `name`, and knows flags of its own besides.
 *
 * @throws CommanderError when it is wrong, or asked for help; it has told so already
 */
export function readArguments(
  args: readonly string[],
  {
    name,
    more = [],
    isJson = false,
  }: {
    readonly name: string;
    readonly more?: readonly ProgramFlag[];
    /** What is wrong is left to {@link endWith}. */
    readonly isJson?: boolean;
  },
): Readonly<Record<string, string | boolean | undefined>> {
  const command = createCommand(programVersion(), { name, more }).exitOverride();
  if (isJson) command.configureOutput({ writeErr: () => undefined });
  return command.parse(args, { from: 'user' }).opts();
}

/**
 * Runs a worker with what the command line and the environment say, until a signal ends the process.
 *
 * @throws OPTION_INVALID and what loading and starting throws: {@link endWith} tells it
 */
export async function runWorker(given: {
  readonly flags: GivenFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly host: ProgramHost;
  /** Waited for when all is loaded, and nothing is taken yet. */
  readonly loaded?: () => Promise<void>;
}): Promise<void> {
  const { flags, env, host } = given;
  const settings = readSettings(flags, env);
  // Only now: BullMQ takes longer to load than `--help` to be read.
  const { reportEscaped, runProgram } = await import('./run-program.js');
  const program = await runProgram(settings, env);
  listenToSignals(program, settings.grace, host);
  // However it exits: nothing that it started is left behind.
  host.on('exit', killLiveCommands);
  host.on('uncaughtException', (error) => reportEscaped(program, error));
  host.on('unhandledRejection', (reason) => reportEscaped(program, reason));
  await given.loaded?.();
  await program.worker.start();
}

/** Tells what a program ended with, with `isJson` as a line of JSON, and ends it: 2 used wrongly, 69 the port is taken, 78 a broken handler module, 70 anything else. */
export function endWith(
  error: unknown,
  { name, host, isJson = false }: { name: string; host: ProgramHost; isJson?: boolean },
): never {
  const code = exitCodeOf(error);
  // Commander has said its own already.
  if (isJson && code !== 0) host.stderr.write(`${JSON.stringify({ error: toldAs(error) })}\n`);
  else if (isGoflowError(error)) host.stderr.write(`${name}: ${error.code}: ${error.message}\n`);
  else if (!(error instanceof CommanderError)) console.error(error);
  return host.exit(code);
}

function toldAs(error: unknown): { code: string; message: string; stack?: string | undefined } {
  const { message, stack } = error as Error;
  if (error instanceof CommanderError)
    return { code: 'OPTION_INVALID', message: message.replace(/^error: /, '') };
  return isGoflowError(error)
    ? { code: error.code, message }
    : { code: 'INTERNAL', message, stack };
}

function listenToSignals(program: RunningProgram, graceMs: number, host: ProgramHost): void {
  const { logger, tracing } = program;
  let isStopping = false;
  const leave = (signal: LeavingSignal): void => {
    if (isStopping) exitNow(program, host, leavingCode(signal));
    isStopping = true;
    logger.info({ signal }, 'stopping');
    tellRunning(program, graceMs);
    // It always exits, whatever hangs.
    const lastResortMs = graceMs + LAST_RESORT_MS + (tracing ? FLUSH_MS : 0);
    setTimeout(() => exitNow(program, host, 0), lastResortMs).unref();
    stopAll(program).then(
      () => host.exit(0),
      (error: unknown) => {
        const reasons: unknown[] = error instanceof AggregateError ? error.errors : [error];
        const failures = reasons.map((reason) => toFailure(reason, 'INTERNAL'));
        logger.error({ failures }, 'the worker did not stop cleanly');
        host.exit(EXIT.software);
      },
    );
  };
  for (const signal of LEAVING_SIGNALS) host.on(signal, () => leave(signal));
}

/** Without it a worker that waits for its tasks looks as if it hung. */
function tellRunning({ worker, logger }: RunningProgram, graceMs: number): void {
  const count = runningIn(worker);
  if (count === 0) return;
  const fields = { running: worker.active, graceMs };
  const still = count === 1 ? '1 task still runs and has' : `${count} tasks still run and have`;
  const rest = 'what runs then is handed back. A second signal (Ctrl-C) ends the worker at once';
  logger.info(fields, `${still} ${graceMs / 1_000} s to end; ${rest}`);
}

/** After a second signal, or when what should be handed back could not be. Not when it exits: what is logged then is not written. */
function exitNow({ worker, logger }: RunningProgram, host: ProgramHost, code: number): never {
  const count = runningIn(worker);
  const left = count === 1 ? '1 task that runs: it runs' : `${count} tasks that run: they run`;
  const when = count === 1 ? 'its lease is over' : 'their leases are over';
  if (count > 0)
    logger.warn(
      { running: worker.active },
      `the worker ends and leaves ${left} again when ${when}`,
    );
  return host.exit(code);
}

const runningIn = ({ active }: RunningProgram['worker']): number =>
  Object.values(active).reduce((sum, one) => sum + one, 0);

/** Spans of what was running are sent at the end. */
async function stopAll({ worker, tracing }: RunningProgram): Promise<void> {
  try {
    await worker.stop();
  } finally {
    await tracing?.stop();
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  if (isGoflowError(error, 'OPTION_INVALID')) return EXIT.usage;
  if (isGoflowError(error, 'PORT_IN_USE')) return EXIT.unavailable;
  if (isGoflowError(error)) return EXIT.config;
  return EXIT.software;
}
