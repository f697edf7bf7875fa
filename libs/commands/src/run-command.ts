import { constants } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { toMs } from '@goflow/shared';
import { CappedOutput } from './capped-output.js';
import { type Command, type CommandResult, EXEC_EXIT } from './command.js';
import type { Environment } from './environment.js';
import { ProcessGroup } from './process-group.js';
import { type CommandProcess, startProcess, whyNotStarted } from './start-process.js';

/** How {@link runCommand} runs a command. */
export interface RunCommandOptions {
  /** What the command has in its environment, beside its own `env`. @default nothing */
  readonly env?: Environment | undefined;
  /** Ends the command: its group gets SIGTERM, and SIGKILL after `killGraceMs`. */
  readonly signal?: AbortSignal | undefined;
  /** How many bytes of each of stdout and stderr are kept. @default 1,048,576 (1 MiB) */
  readonly outputLimit?: number | undefined;
  /** Between SIGTERM and SIGKILL, in milliseconds; may depend on why `signal` was aborted. @default 5,000 */
  readonly killGraceMs?: number | ((reason: unknown) => number) | undefined;
  /** Told when it has started. */
  readonly onStart?: ((pid: number) => void) | undefined;
}

const OUTPUT_LIMIT = 1024 * 1024;
const KILL_GRACE_MS = 5_000;
/** The command has ended, and its children hold its output open: they are waited for no longer than this. */
const LINGER_MS = 1_000;
/** What was killed is gone by then, and so is its hold on the output. */
const KILLED_MS = 500;
/** Turns of the event loop that bring nothing, and that bring something all the time. */
const QUIET_TURNS = 3;
const MOST_TURNS = 1_000;
/** After SIGKILL; a process of another user, or one that waits for a broken disk, cannot be killed. */
const LAST_RESORT_MS = 2_000;

/**
 * Runs one command, and whatever it starts, in a process group of its own, and waits for its end. Nothing of the group outlives it. No shell
 * reads what is given; a file without `#!` is run by `/bin/sh`, as execvp(3) does it. Output over the limit is read, counted and dropped.
 *
 * Never rejects: what cannot be started is a result with exit code 127, what ran too long one with 124, what `signal` kept from being started
 * one with 130.
 */
export async function runCommand(
  command: Command,
  options: RunCommandOptions = {},
): Promise<CommandResult> {
  const { identifier } = command;
  const { env = {}, signal } = options;
  if (signal?.aborted) return notRun(identifier, EXEC_EXIT.interrupted, 'not run: interrupted');
  const whole = { ...env, ...command.env };
  try {
    // Before anything runs: a wrong one would leave a process behind.
    const timeoutMs = command.timeout === undefined ? undefined : toMs('timeout', command.timeout);
    const child = await startProcess(command, { env: whole, signal });
    return await new CommandRun(child, command, options).end(timeoutMs);
  } catch (error) {
    // It may have waited for room until now.
    if (signal?.aborted) return notRun(identifier, EXEC_EXIT.interrupted, 'not run: interrupted');
    return notRun(identifier, EXEC_EXIT.notStarted, await whyNotStarted(error, command));
  }
}

/** Whether `signal` ended a command, or kept it from being started; false for one that ended by itself before that. */
export function wasInterrupted({ error = '' }: CommandResult): boolean {
  return /^(not run: )?interrupted/.test(error);
}

/** The result of a command that did not run. */
export function notRun(identifier: string, exitCode: number, error: string): CommandResult {
  return { identifier, exit_code: exitCode, result_body: '', error };
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The life of one command, from its start on. */
class CommandRun {
  readonly #child: CommandProcess;
  readonly #command: Command;
  readonly #options: RunCommandOptions;
  readonly #group: ProcessGroup;
  readonly #startedAt = performance.now();
  readonly #stdout: CappedOutput;
  readonly #stderr: CappedOutput;
  readonly #exited: Promise<Exit>;
  readonly #closed: Promise<unknown>;
  readonly #timers = new Set<NodeJS.Timeout>();
  #giveUp: () => void = () => undefined;
  /** Why it does not end by itself. */
  #error: string | undefined;
  #isTimedOut = false;
  #hasExited = false;

  constructor(child: CommandProcess, command: Command, options: RunCommandOptions) {
    const { outputLimit = OUTPUT_LIMIT } = options;
    this.#child = child;
    this.#command = command;
    this.#options = options;
    this.#group = new ProcessGroup(child.pid ?? 0);
    this.#stdout = new CappedOutput(outputLimit);
    this.#stderr = new CappedOutput(outputLimit);
    this.#closed = new Promise((resolve) => child.once('close', resolve));
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      this.#giveUp = () => resolve({ code: null, signal: 'SIGKILL' });
    });
  }

  async end(timeoutMs: number | undefined): Promise<CommandResult> {
    const { signal, onStart } = this.#options;
    this.#connect();
    onStart?.(this.#child.pid ?? 0);
    signal?.addEventListener('abort', this.#onAbort);
    if (signal?.aborted) this.#onAbort();
    if (timeoutMs !== undefined) this.#after(timeoutMs, this.#onTimeout);
    const exit = await this.#exited;
    this.#hasExited = true;
    signal?.removeEventListener('abort', this.#onAbort);
    this.#clearTimers();
    await this.#outputEnds();
    this.#disconnect();
    return this.#resultOf(exit);
  }

  #connect(): void {
    const { stdin, stdout, stderr } = this.#child;
    stdout.on('data', (chunk: Buffer) => this.#stdout.add(chunk));
    stderr.on('data', (chunk: Buffer) => this.#stderr.add(chunk));
    // A command need not read what it is given: EPIPE.
    for (const stream of [stdin, stdout, stderr]) stream?.on('error', () => undefined);
    stdin?.end(this.#command.stdin);
  }

  /** Who still holds the other ends is not waited for any more. */
  #disconnect(): void {
    const { stdin, stdout, stderr } = this.#child;
    for (const stream of [stdin, stdout, stderr]) stream?.destroy();
    this.#child.unref();
  }

  async #outputEnds(): Promise<void> {
    const isStopping = this.#error !== undefined;
    const lingering = new Promise<void>((resolve) => {
      this.#after(
        isStopping ? this.#graceMs() : LINGER_MS,
        () => void this.#readOn().then(resolve),
      );
    });
    let isClosed = false;
    const closed = this.#closed.then(() => {
      isClosed = true;
    });
    await Promise.race([closed, lingering]);
    const isHeldOpen = !isClosed;
    this.#clearTimers();
    this.#group.end();
    if (!isHeldOpen || isStopping) return;
    // Who has left the group, as setsid(1) does, has not been killed, and still holds it.
    await Promise.race([closed, new Promise<void>((resolve) => this.#after(KILLED_MS, resolve))]);
    this.#clearTimers();
    const end = isClosed ? 'were killed' : 'have left its process group, and may still run';
    this.#error = `it left children that held its output open; they ${end}`;
  }

  /** The time is over, but a busy event loop may not have read yet what was there long before. */
  async #readOn(): Promise<void> {
    let quiet = 0;
    for (let turns = 0; turns < MOST_TURNS && quiet < QUIET_TURNS; turns += 1) {
      const before = this.#stdout.bytes + this.#stderr.bytes;
      await nextTurn();
      quiet = this.#stdout.bytes + this.#stderr.bytes === before ? quiet + 1 : 0;
    }
  }

  /** A turn later: it may have ended in time, and a busy event loop has not heard of it. */
  readonly #onTimeout = (): void => {
    setImmediate(() => {
      if (this.#hasExited) return;
      this.#isTimedOut = true;
      this.#stop(`it ran longer than ${this.#command.timeout}`);
    });
  };

  readonly #onAbort = (): void => this.#stop('interrupted');

  #stop(why: string): void {
    if (this.#error !== undefined) return;
    this.#error = why;
    this.#group.signal('SIGTERM');
    this.#after(this.#graceMs(), () => {
      this.#group.signal('SIGKILL');
      this.#after(LAST_RESORT_MS, () => {
        this.#error = `${why}; it cannot be killed, and may still run`;
        this.#giveUp();
      });
    });
  }

  #graceMs(): number {
    const { killGraceMs = KILL_GRACE_MS, signal } = this.#options;
    return typeof killGraceMs === 'number' ? killGraceMs : killGraceMs(signal?.reason);
  }

  #after(ms: number, act: () => void): void {
    this.#timers.add(setTimeout(act, ms));
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #resultOf({ code, signal }: Exit): CommandResult {
    const own = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
    const stderr = this.#stderr.text();
    return {
      identifier: this.#command.identifier,
      exit_code: this.#isTimedOut ? EXEC_EXIT.timedOut : own,
      result_body: this.#stdout.text(),
      ...(stderr === '' ? {} : { stderr }),
      ...(signal === null ? {} : { signal }),
      ...(this.#isTimedOut ? { timed_out: true } : {}),
      ...(this.#stdout.isCut || this.#stderr.isCut ? { truncated: true } : {}),
      duration_ms: Math.round(performance.now() - this.#startedAt),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }
}
