import type { RunCommand } from '../../command.js';
export const run: RunCommand = async () => 0;
