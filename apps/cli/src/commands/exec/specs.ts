import type { CommandSpec } from '../../command.js';

/** Commands of the operating system as tasks. */
export const EXEC_COMMANDS: readonly CommandSpec[] = [];
