import type { CommandSpec } from '../../command.js';

/** What is wrong, and what to do. */
export const DOCTOR_COMMANDS: readonly CommandSpec[] = [];
