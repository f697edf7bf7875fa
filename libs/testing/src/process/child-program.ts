import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { killOnExit } from './live-children.js';
import { type LineListener, TextLines } from './text-lines.js';

/** How {@link startProgram} starts a program. */
export interface ProgramOptions {
  /**
   * Set on top of this process's environment, from which `REDIS_URL`, `GOFLOW_*`, `OTEL_*`, `NODE_OPTIONS` and what vitest sets are
   * taken out, so that a program does the same on every machine.
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** @default the working directory of this process */
  readonly cwd?: string | undefined;
}

/** How a program ended. */
export interface ProgramExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running Node program. Disposing of it kills it with SIGKILL. */
export interface ChildProgram extends AsyncDisposable {
  readonly pid: number;
  /** All that it wrote until now. */
  readonly stdout: string;
  readonly stderr: string;
  /** Settles when the program has ended and its output is complete. Never rejects. */
  readonly exited: Promise<ProgramExit>;
  /**
   * The match of the first whole line, past or future, of stdout or stderr.
   * @throws Error with the collected output when the program ends, or `timeoutMs` (30 s) passes, without such a line.
   */
  line(pattern: RegExp, timeoutMs?: number): Promise<RegExpMatchArray>;
  /** Sends a signal. Does nothing once the program has ended. */
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL when it still runs 10 s later. The answer's `signal` says which it was. */
  stop(): Promise<ProgramExit>;
}

type ProgramProcess = ChildProcess & { readonly stdout: Readable; readonly stderr: Readable };

const STOP_GRACE_MS = 10_000;
/** A grandchild may hold the pipes open for ever: output is waited for no longer than this after the end. */
const LAST_OUTPUT_MS = 1_000;
const NOT_INHERITED =
  /^(REDIS_URL|GOFLOW_.*|OTEL_.*|NODE_OPTIONS|NODE_ENV|VITEST.*|TEST|PROD|DEV|MODE)$/;

/** Starts `node file ...args` as a process of its own. */
export function startProgram(
  file: string,
  args: readonly string[] = [],
  options: ProgramOptions = {},
): ChildProgram {
  const child = spawn(process.execPath, [file, ...args], {
    cwd: options.cwd,
    env: { ...inherited(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid === undefined) {
    child.on('error', () => undefined);
    throw new Error(`could not start node ${file} in ${options.cwd ?? process.cwd()}`);
  }
  killOnExit(child);
  return new NodeProgram(child, child.pid);
}

class NodeProgram implements ChildProgram {
  readonly pid: number;
  readonly exited: Promise<ProgramExit>;
  readonly #child: ProgramProcess;
  readonly #out: TextLines;
  readonly #err: TextLines;
  readonly #listeners = new Set<LineListener>();

  constructor(child: ProgramProcess, pid: number) {
    const tell = (line: string) => {
      for (const listener of this.#listeners) listener(line);
    };
    this.pid = pid;
    this.#child = child;
    this.#out = new TextLines(child.stdout, tell);
    this.#err = new TextLines(child.stderr, tell);
    this.exited = whenEnded(child);
  }

  get stdout(): string {
    return this.#out.text;
  }

  get stderr(): string {
    return this.#err.text;
  }

  async line(pattern: RegExp, timeoutMs = 30_000): Promise<RegExpMatchArray> {
    const wanted = withoutState(pattern);
    for (const line of [...this.#out.lines, ...this.#err.lines]) {
      const match = line.match(wanted);
      if (match !== null) return match;
    }
    const found = await this.#nextLine(wanted, timeoutMs);
    if (typeof found !== 'string') return found;
    throw new Error(
      `no line matches ${pattern}: ${found}\n--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`,
    );
  }

  /** The match, or why there will be none. */
  #nextLine(wanted: RegExp, timeoutMs: number): Promise<RegExpMatchArray | string> {
    return new Promise((resolve) => {
      const listener = (line: string) => {
        const match = line.match(wanted);
        if (match !== null) settle(match);
      };
      const settle = (found: RegExpMatchArray | string) => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
        resolve(found);
      };
      const timer = setTimeout(settle, timeoutMs, `none came within ${timeoutMs} ms`);
      this.#listeners.add(listener);
      void this.exited.then(({ code, signal }) =>
        settle(`the program ended (code ${code}, signal ${signal})`),
      );
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async stop(): Promise<ProgramExit> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_GRACE_MS);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }
}

function whenEnded(child: ProgramProcess): Promise<ProgramExit> {
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('exit', (code, signal) => {
      const timer = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ code, signal });
      }, LAST_OUTPUT_MS);
      child.once('close', () => clearTimeout(timer));
    });
  });
}

function inherited(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name));
  return Object.fromEntries(kept);
}

/** A pattern with `g` or `y` remembers where it matched last. */
function withoutState(pattern: RegExp): RegExp {
  return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
}
