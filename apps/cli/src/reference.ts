/**
 * What there is to know of the command `goflow`, as data: docs/cli.md is made of it. No door for programs of users.
 *
 * @module
 */

import type { CommandHelp, OptionSpec } from './command.js';
import { GROUPS } from './commands/groups.js';
import { COMMANDS, PROGRAMS } from './commands/index.js';
import { EXIT_MEANINGS } from './exit-code.js';
import { SETTING_OPTIONS } from './settings/setting-options.js';

export type { ArgumentSpec, CommandHelp, OptionSpec } from './command.js';

/** All of it. */
export interface Reference {
  readonly commands: readonly (CommandHelp & {
    readonly options: readonly OptionSpec[];
    /** Takes the settings, too; the others have all their options in `options`. */
    readonly takesSettings: boolean;
  })[];
  /** What groups of commands are for. */
  readonly groups: Readonly<Record<string, string>>;
  readonly settings: readonly OptionSpec[];
  /** By exit code. */
  readonly exits: Readonly<Record<number, string>>;
}

/** Reads all commands, those of other programs, too. */
export async function readReference(): Promise<Reference> {
  const commands = COMMANDS.map((spec) => ({
    ...spec,
    options: spec.options ?? [],
    takesSettings: true,
  }));
  const programs = PROGRAMS.map(async (spec) => ({
    ...spec,
    options: await spec.flags(),
    takesSettings: false,
  }));
  return {
    commands: [...commands, ...(await Promise.all(programs))],
    groups: GROUPS,
    settings: SETTING_OPTIONS,
    exits: EXIT_MEANINGS,
  };
}
