import type { CommandSpec } from '../../command.js';

/** Queues and workers: looked at, and steered. */
export const FLEET_COMMANDS: readonly CommandSpec[] = [];
