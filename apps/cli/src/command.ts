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

/**
 * One command: all that `--help`, completion and docs/cli.md need. What it does is loaded when it is called, so that `--help` is fast.
 */
export interface CommandSpec {
  /** One word, or two for a command of a group: `dead list`. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** As commander writes them: `<id>`, `[payload]`. */
  readonly args?: readonly { readonly name: string; readonly help: string }[];
  readonly options?: readonly OptionSpec[];
  /** Whole command lines. */
  readonly examples: readonly string[];
  /** More that is worth knowing, for `--help` and the docs. */
  readonly notes?: readonly string[];
  readonly load: () => Promise<{ readonly run: RunCommand }>;
}
