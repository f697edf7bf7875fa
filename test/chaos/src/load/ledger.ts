import { closeSync, fdatasync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';

/** What processes write down, outside of goflow and of Redis. `at` is in milliseconds since 1970; all run on one machine. */
export type LedgerLine = { readonly at: number; readonly by: string } & (
  | { readonly e: 'push'; readonly n: string; readonly kind: string; readonly delayMs: number }
  | { readonly e: 'acked'; readonly n: string; readonly id: string }
  | { readonly e: 'refused'; readonly n: string; readonly code: string; readonly sent: boolean }
  | {
      readonly e: 'seen';
      readonly n: string;
      readonly status: string;
      readonly mark?: string | undefined;
      readonly forMs: number;
    }
  /** A wait that ended in an error: `code` says which. */
  | { readonly e: 'unseen'; readonly n: string; readonly code: string; readonly forMs: number }
  | { readonly e: 'cancelled'; readonly n: string; readonly effect: string }
  | {
      readonly e: 'start';
      readonly n: string;
      readonly id: string;
      readonly starts: number;
      readonly attempt: number;
    }
  /** The handler did its work, and is about to return. */
  | { readonly e: 'effect'; readonly n: string; readonly id: string; readonly starts: number }
  /** The handler is over, however. */
  | { readonly e: 'end'; readonly n: string; readonly id: string; readonly starts: number }
);

/** A line without its time and its process, which the ledger adds. */
export type Entry = LedgerLine extends infer L
  ? L extends unknown
    ? Omit<L, 'at' | 'by'>
    : never
  : never;

/** How often what was written is forced to the disk, in milliseconds. */
const SYNC_MS = 200;

/**
 * The ledger of one process: a file of lines of JSON. Each line is with the operating system when `write` returns, so that killing the
 * process loses none; the disk has it 200 ms later.
 */
export class Ledger {
  readonly #file: number;
  readonly #by: string;
  readonly #timer: NodeJS.Timeout;
  #isDirty = false;

  /** @param by what the process is called */
  constructor(path: string, by: string) {
    this.#by = by;
    this.#file = openSync(path, 'a');
    this.#timer = setInterval(() => this.#sync(), SYNC_MS);
    this.#timer.unref();
  }

  write(entry: Entry): void {
    writeSync(this.#file, `${JSON.stringify({ ...entry, by: this.#by, at: Date.now() })}\n`);
    this.#isDirty = true;
  }

  close(): void {
    clearInterval(this.#timer);
    fdatasyncSync(this.#file);
    closeSync(this.#file);
  }

  #sync(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    fdatasync(this.#file, () => undefined);
  }
}

/** The lines of some ledgers. The last line of a process that was killed may be half written: it is left out. */
export function readLedgers(paths: readonly string[]): LedgerLine[] {
  return paths.flatMap((path) => {
    const lines = readFileSync(path, 'utf8').split('\n');
    lines.pop();
    return lines.map((line) => JSON.parse(line) as LedgerLine);
  });
}
