import type { CommandSpec } from '../../command.js';

/** Long-running programs, and help for the shell. */
export const PROGRAM_COMMANDS: readonly CommandSpec[] = [];
