import type { Command, CommandResult } from '@goflow/commands';
import { counted } from '../../terminal/counts.js';
import type { Output } from '../../terminal/output.js';
import { oneLine } from '../../terminal/printable.js';
import { Progress } from '../../terminal/progress.js';

/** Says on stderr how far the commands are: a bar on a terminal, or with `verbose` a line as each starts and ends. */
export class ExecReport {
  readonly #out: Output;
  readonly #commands: readonly Command[];
  readonly #progress: Progress | undefined;
  #ended = 0;
  #failed = 0;

  constructor(out: Output, commands: readonly Command[], isVerbose: boolean) {
    this.#out = out;
    this.#commands = commands;
    this.#progress = isVerbose ? undefined : new Progress(out, 'ended');
  }

  /** How many ended with another exit code than 0. */
  get failed(): number {
    return this.#failed;
  }

  started(index: number, how: string): void {
    if (!this.#progress) this.#line(index, how);
  }

  ended(index: number, result: CommandResult): void {
    this.#ended += 1;
    if (result.exit_code !== 0) this.#failed += 1;
    if (this.#progress)
      this.#progress.tell({
        done: this.#ended,
        share: this.#ended / this.#commands.length,
        more: this.#failed > 0 ? `${counted(this.#failed)} failed` : undefined,
      });
    else this.#line(index, endOf(result));
  }

  note(text: string): void {
    this.#out.note(text);
  }

  end(): void {
    this.#progress?.end();
  }

  #line(index: number, what: string): void {
    this.#out.note(oneLine(`${this.#commands[index]?.identifier}: ${what}`));
  }
}

function endOf({ exit_code, duration_ms, error }: CommandResult): string {
  const after = duration_ms === undefined ? '' : ` after ${duration_ms} ms`;
  return `exit code ${exit_code}${after}${error === undefined ? '' : `: ${error}`}`;
}
