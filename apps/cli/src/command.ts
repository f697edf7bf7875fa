import type { Context } from './context.js';
import type { ExitCode } from './exit-code.js';

/** Options as commander read them: by name in camel case. */
export type GivenOptions = Readonly<
  Record<string, string | boolean | readonly string[] | undefined>
>;

/** Does what a command is for. @returns the exit code; what it throws is told on stderr */
export type RunCommand = (
  args: readonly (string | undefined)[],
  options: GivenOptions,
  context: Context,
) => Promise<ExitCode>;

/** One option of a command. */
export interface OptionSpec {
  /** As commander writes it: `--wait [duration]`; `...` after the name for one that may be given many times. */
  readonly flags: string;
  readonly help: string;
}

/** One argument of a command. */
export interface ArgumentSpec {
  readonly name: string;
  readonly help: string;
  /** For completion. @default anything */
  readonly choices?: readonly string[];
}

/** What `--help`, completion and docs/cli.md tell of a command. */
export interface CommandHelp {
  /** One word, or two for a command of a group: `dead list`. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** As commander writes them: `<id>`, `[payload]`. */
  readonly args?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** Whole command lines, of 78 columns at most. */
  readonly examples: readonly string[];
  /** More that is worth knowing, for `--help` and the docs. */
  readonly notes?: readonly string[];
}

/** One command. What it does is loaded when it is called, so that `--help` is fast. */
export interface CommandSpec extends CommandHelp {
  /**
   * It changes nothing, and its exit code says nothing of its answer: when nobody reads that on (`| head -1`) it ends at once, with 0. Any
   * other is brought to its end, with its own exit code. A Redis that hangs does not keep it, either, once it has ended.
   */
  readonly readOnly?: true;
  /**
   * When it reads settings beside its flags; else neither the environment nor a file that was only found can keep it from running: `never`,
   * or with `--redis` on the command line. @default always
   */
  readonly settings?: 'never' | 'with --redis';
  /** The name of its group alone is it, too. */
  readonly isDefault?: true;
  readonly load: () => Promise<{ readonly run: RunCommand }>;
}

/** A command that is a program of its own: all that stands behind its name is handed to it as it is. */
export interface ProgramSpec extends CommandHelp {
  /** Its flags, which it knows itself. */
  readonly flags: () => Promise<readonly OptionSpec[]>;
  readonly load: () => Promise<{ readonly start: StartProgram }>;
}

/** Runs a program until it ends, with the signals and the exit codes of its own. */
export type StartProgram = (given: {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The process, which belongs to the program from now on. */
  readonly host: NodeJS.Process;
}) => Promise<void>;
