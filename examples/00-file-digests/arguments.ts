import { realpath, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface Arguments {
  /** The real path of the directory to walk. */
  readonly directory: string;
  /** Stay up afterwards, until Ctrl-C. */
  readonly keep: boolean;
  /** In this process alone, without Redis. */
  readonly local: boolean;
}

/** The program was called in a way it does not understand. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What `--help` prints. */
export const HELP = `Usage: npm start -- [options] [directory]

Computes sha256, size and number of lines of every file in a directory, each as one goflow task in one
of two worker processes, collects the results and checks a sample of them. Where no Redis can be had,
this process does it alone, in local mode, and says so.

Arguments:
  directory   what to walk (default: this repository, with its node_modules)

Options:
  --local     in local mode, whether there is a Redis or not: one process, and nothing is installed
  --keep      stay up afterwards, to look at the metrics; Ctrl-C ends it
  --help      show this

Environment:
  REDIS_URL             the Redis to use (default: a private one, on a free port, gone afterwards)
  GOFLOW_NO_INSTALL=1   do not install redis-server when there is none

Exit codes:
  0  every file has its result, and the sample is right     1  otherwise
  2  the command line is wrong                            130  ended by Ctrl-C
`;

/** Built, this file is `examples/dist/00-file-digests/arguments.js`. */
const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Reads the command line; `undefined` when it asks for help.
 *
 * @throws UsageError
 */
export async function readArguments(argv: readonly string[]): Promise<Arguments | undefined> {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  const [given = REPOSITORY, surplus] = positionals;
  if (surplus !== undefined) throw new UsageError(`one directory at a time, not also ${surplus}`);
  const directory = await realpath(given).catch(() => undefined);
  if (directory === undefined) throw new UsageError(`there is no directory ${given}`);
  if (!(await stat(directory)).isDirectory()) throw new UsageError(`${given} is no directory`);
  return { directory, keep: values.keep, local: values.local };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        local: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
