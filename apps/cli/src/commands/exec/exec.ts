import { type Command, type CommandResult, killLiveCommands } from '@goflow/commands';
import type { RunCommand } from '../../command.js';
import type { Context } from '../../context.js';
import { EXIT } from '../../exit-code.js';
import { jsonText } from '../../terminal/printable.js';
import { type ExecOptions, readExecOptions } from './exec-options.js';
import { ExecReport } from './exec-report.js';
import { type Outfile, openOutfile } from './outfile.js';
import { readCommands } from './read-commands.js';
import { ResultSpool } from './result-spool.js';
import { type ExecListener, runHere } from './run-here.js';

const DEFAULT_THREADS = 2;
const WRITTEN_AT_ONCE = 256 * 1024;

/** `goflow exec [commands]` */
export const run: RunCommand = async ([argument], given, context) => {
  const options = readExecOptions(given, context.settings);
  const commands = await readCommands({ argument, infile: options.infile }, context);
  const outfile =
    options.outfile === undefined ? undefined : await openOutfile(context.cwd, options.outfile);
  // A second Ctrl-C, or a pipe that is closed: nothing that was started here is left behind.
  context.atExit(killLiveCommands);
  if (outfile) context.atExit(() => outfile.discard());
  const report = new ExecReport(context.out, commands, options.isVerbose);
  const spool = new ResultSpool({ order: options.order });
  try {
    const { isUnreachable } = await runAll(withTimeout(commands, options), options, {
      listener: listenerOf(report, spool),
      context,
    });
    report.end();
    const isKept = await deliver(spool, outfile, context);
    if (context.signal.aborted) return EXIT.interrupted;
    if (isKept && isUnreachable) return EXIT.unreachable;
    return !isKept || (options.isStrict && report.failed > 0) ? EXIT.failed : EXIT.done;
  } finally {
    report.end();
    outfile?.discard();
    await spool.close();
  }
};

interface Around {
  readonly listener: ExecListener;
  readonly context: Context;
}

async function runAll(
  commands: readonly Command[],
  { queue, threads }: ExecOptions,
  around: Around,
): Promise<{ readonly isUnreachable: boolean }> {
  if (queue === undefined) {
    await runHere(commands, threads ?? DEFAULT_THREADS, around);
    return { isUnreachable: false };
  }
  // Loading it takes as long as all the rest.
  const { runSpread } = await import('./run-spread.js');
  return runSpread(commands, { ...around, queue, threads });
}

function withTimeout(
  commands: readonly Command[],
  { commandTimeout }: ExecOptions,
): readonly Command[] {
  if (commandTimeout === undefined) return commands;
  return commands.map((command) => ({ timeout: commandTimeout, ...command }));
}

function listenerOf(report: ExecReport, spool: ResultSpool): ExecListener {
  return {
    started: (index, how) => report.started(index, how),
    note: (text) => report.note(text),
    ended: async (index, result: CommandResult) => {
      await spool.add(index, jsonText(result));
      report.ended(index, result);
    },
  };
}

/** Results that cannot be written to their file are not lost: they go to stdout. False then. */
async function deliver(
  spool: ResultSpool,
  outfile: Outfile | undefined,
  { out }: Context,
): Promise<boolean> {
  let failure: Error | undefined;
  try {
    if (outfile) return await outfile.write(pieces(spool)).then(() => true);
  } catch (error) {
    failure = error as Error;
  }
  if (failure)
    out.note(`--outfile cannot be written: ${failure.message}; the results are on stdout`);
  for await (const piece of pieces(spool)) {
    out.raw(piece);
    await out.drained();
  }
  return failure === undefined;
}

/** The results as one array on one line, in pieces that are worth a write. */
async function* pieces(spool: ResultSpool): AsyncGenerator<string, void, undefined> {
  let piece = '[';
  let separator = '';
  for await (const text of spool.texts()) {
    piece += separator + text;
    separator = ',';
    if (piece.length < WRITTEN_AT_ONCE) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}]\n`;
}
