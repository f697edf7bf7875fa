import type { Readable } from 'node:stream';
import type { Connection } from './connection/connect.js';
import type { Settings } from './settings/settings.js';
import type { Output } from './terminal/output.js';

/** What a command is given by the program: nothing of it is global. */
export interface Context {
  readonly settings: Settings;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly out: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborts with the first Ctrl-C; the second ends the program. */
  readonly signal: AbortSignal;
  /** Called when the process exits, also by a second Ctrl-C. It must not wait for anything. */
  atExit(act: () => void): void;
  /** Connects to Redis; closed by the program when the command ends. A second call gives the same. @throws BROKER_UNAVAILABLE */
  readonly connect: () => Promise<Connection>;
}
