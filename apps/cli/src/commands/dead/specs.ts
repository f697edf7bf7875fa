import type { CommandSpec } from '../../command.js';

/** Tasks that failed for good. */
export const DEAD_COMMANDS: readonly CommandSpec[] = [];
