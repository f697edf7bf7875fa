// The only file of this project that reads the environment, installs signal handlers or exits.
import { readFileSync } from 'node:fs';
import { LEAVING_SIGNALS } from '@goflow/commands/signals';
import { type GoflowError, isGoflowError } from '@goflow/shared';
import { callCommand, type Surroundings } from './call-command.js';
import { ALL_COMMANDS, COMMANDS, PROGRAMS } from './commands/index.js';
import { EXIT, exitCodeOf, isOfCommander } from './exit-code.js';
import { createProgram, withoutErrorText } from './program/create-program.js';
import { findCommand, withoutHelpWord } from './program/find-command.js';
import { jsonText, manyLines } from './terminal/printable.js';

const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string };

const isJson = process.argv.includes('--json');
const interrupt = new AbortController();
/** Aborts when nobody reads stdout any more. */
const unread = new AbortController();
const NAMES = ALL_COMMANDS.map(({ name }) => name);

const LEFT_OPEN_MS = 100;
/** Not before they are needed: a program of its own has its stdin untouched. */
const surroundings = (): Surroundings => ({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  signal: interrupt.signal,
  unread: unread.signal,
  atExit: (act) => void process.on('exit', act),
});

function listenToSignals(): void {
  for (const name of LEAVING_SIGNALS)
    process.on(name, () => {
      if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
      interrupt.abort();
    });
  // `| head -1` closes the pipe: nobody reads on, and that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isUnheard(error, process.stdout)) unread.abort();
    if (unread.signal.aborted) return;
    tell(error);
    process.exit(exitCodeOf(error));
  });
  // Nobody hears what is said beside the answers: what was begun is brought to its end.
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (!isUnheard(error, process.stderr)) throw error;
  });
}

/** The pipe is closed, or the terminal has hung up: EIO of a file is that of its disk. */
function isUnheard({ code }: NodeJS.ErrnoException, { isTTY }: NodeJS.WriteStream): boolean {
  return code === 'EPIPE' || (code === 'EIO' && isTTY);
}

async function main(): Promise<number> {
  const args = withoutHelpWord(process.argv.slice(2), NAMES);
  const { name, before, rest } = findCommand(args, NAMES);
  const handedTo = PROGRAMS.find((program) => program.name === name);
  if (handedTo) {
    const { start } = await handedTo.load();
    const { env } = process;
    await start({ args: [...before, ...rest], env, cwd: process.cwd(), host: process });
    return EXIT.done;
  }
  listenToSignals();
  const isUnfinished = rest.length === 0 && !NAMES.includes(name);
  if (!isUnfinished) return runHere(args);
  const usual = COMMANDS.find((spec) => spec.isDefault && spec.name.startsWith(`${name} `));
  return usual ? runHere([...before, ...usual.name.split(' ')]) : runHere(args, name.split(' '));
}

/** What is still open then does not keep the process. What was said gets out. */
function endSoon(): void {
  process.stdout.write('', () => void setTimeout(() => process.exit(), LEFT_OPEN_MS).unref());
}

/** `unfinished`: the words that name a group of commands, or none, and nothing behind them. */
async function runHere(args: readonly string[], unfinished?: readonly string[]): Promise<number> {
  let code: number = EXIT.done;
  const given = { commands: COMMANDS, programs: PROGRAMS };
  const program = createProgram(version, given, async (spec, chosen) => {
    const leave = (): void => process.exit(EXIT.done);
    if (spec.readOnly) unread.signal.addEventListener('abort', leave);
    try {
      code = await callCommand(spec, chosen, surroundings());
    } finally {
      if (spec.readOnly) endSoon();
    }
  });
  if (unfinished) {
    (program.commands.find((command) => command.name() === unfinished[0]) ?? program).outputHelp();
    return EXIT.usage;
  }
  if (isJson) withoutErrorText(program);
  await program.parseAsync(args, { from: 'user' });
  return code;
}

function tell(error: unknown): void {
  const exitCode = exitCodeOf(error);
  if (isOfCommander(error) && (exitCode === EXIT.done || !isJson)) return;
  const { code, message = '', stack } = toldAs(error);
  const isDefect = exitCode === EXIT.defect;
  if (isJson)
    process.stderr.write(`${jsonText({ error: { code, message, ...(isDefect && { stack }) } })}\n`);
  // It may quote what a task said.
  else if (isDefect) process.stderr.write(`goflow: ${manyLines(stack ?? String(error))}\n`);
  else process.stderr.write(`goflow: ${code}: ${manyLines(message)}\n`);
}

/** An error with a code of the catalogue. */
function toldAs(error: unknown): {
  code: string;
  message?: string;
  stack?: string | undefined;
} {
  const { code = 'INTERNAL', message, stack } = error as GoflowError;
  if (isOfCommander(error))
    return { code: 'OPTION_INVALID', message: message.replace(/^error: /, '') };
  return { code: isGoflowError(error) ? code : 'INTERNAL', message, stack };
}

/** `bin/goflow.js` waits for it: here, `await` would keep this from being a script. */
export const ended = main()
  .catch((error: unknown) => {
    tell(error);
    return interrupt.signal.aborted ? EXIT.interrupted : exitCodeOf(error);
  })
  .then((code) => {
    process.exitCode = code;
  });
