import type { OptionSpec } from '../../command.js';

/** Of commands that show payloads. */
export const REVEAL_FLAG: OptionSpec = {
  flags: '--reveal',
  help: 'show fields, too, that the contract says in `redact`',
};

export const REVEAL_NOTE =
  'With --tasks, `[redacted]` stands for what the contract says in `redact`; of `exec` for the values of `env`, always.';
