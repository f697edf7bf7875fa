import { type Command, checkCommand } from '@goflow/commands';
import { GoflowError } from '@goflow/shared';
import type { Context } from '../../context.js';
import { openInput, readError, readText } from '../../input/open-input.js';
import { parseJson } from '../../input/parse-json.js';
import { oneLine } from '../../terminal/printable.js';

/** Where commands may come from: the file wins. */
export interface CommandsGiven {
  readonly argument: string | undefined;
  readonly infile: string | undefined;
}

const MAX_TOLD = 3;

/**
 * Reads all commands and checks each, before one is run.
 *
 * @throws OPTION_INVALID with the line and the column where it is no JSON, or with what is wrong with which command
 */
export async function readCommands(
  given: CommandsGiven,
  context: Context,
): Promise<readonly Command[]> {
  const { name, text, isArgument } = await textOf(given, context);
  if (text.trim() === '') throw invalid(`${name} is empty: expected an array of commands`);
  const commands = parseJson(text, { name, isArgument });
  if (!Array.isArray(commands)) throw invalid(`${name} is no array: expected [{"identifier":…}]`);
  const wrong = commands.flatMap((command, index) =>
    checkCommand(command).map(
      ({ path, message }) => `[${index}]${path && `.${path}`}: ${oneLine(message)}`,
    ),
  );
  if (wrong.length === 0) return commands as readonly Command[];
  const more = wrong.length > MAX_TOLD ? `\nand ${wrong.length - MAX_TOLD} more` : '';
  throw invalid(`${name}, ${wrong.slice(0, MAX_TOLD).join('\n')}${more}`);
}

async function textOf(
  { argument, infile }: CommandsGiven,
  context: Context,
): Promise<{ name: string; text: string; isArgument: boolean }> {
  if (infile === undefined) {
    if (argument === undefined) throw invalid('expected commands: as an argument, or --infile');
    return { name: 'the argument', text: argument, isArgument: true };
  }
  const input = await openInput(infile, context);
  try {
    return { name: input.name, text: await readText(input), isArgument: false };
  } catch (error) {
    throw readError(error, input.name, context.signal);
  }
}

const invalid = (message: string): GoflowError => new GoflowError('OPTION_INVALID', message);
