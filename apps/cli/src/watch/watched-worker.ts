import { type ChildProcess, fork } from 'node:child_process';
import type { WatchMessage } from './watched-process.js';

/** How the process of a worker is started, and who is told. */
export interface WatchedWorkerOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly onLoaded: (worker: WatchedWorker) => void;
  readonly onEnded: (worker: WatchedWorker, ended: string) => void;
}

/** What its exit handlers have to kill its commands. */
const EXIT_MS = 1_000;

/** A worker in a process of its own: it loads the code, and waits until it may begin. */
export class WatchedWorker {
  readonly #child: ChildProcess;
  #code = 0;
  #said: WatchMessage | undefined;
  #isTold = false;
  #killing: NodeJS.Timeout | undefined;

  /** @throws what the system says when it has no room; where it says so later, `onEnded` is told */
  constructor({ program, args, env, cwd, onLoaded, onEnded }: WatchedWorkerOptions) {
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    this.#child = fork(program, args, { env, cwd, stdio: [...stdio] });
    this.#child.on('message', (message: WatchMessage) => {
      this.#said = message;
      if (message === 'loaded') onLoaded(this);
    });
    this.#child.on('error', (error) => {
      // One that has ended is told something: its end is told, too.
      if (this.#child.pid !== undefined) return;
      this.#code = 1;
      onEnded(this, error.message);
    });
    this.#child.on('exit', (code, signal) => {
      clearTimeout(this.#killing);
      this.#code = code ?? 1;
      onEnded(this, signal === null ? `exit code ${code}` : signal);
    });
  }

  /** There is a process, or was one. */
  get isProcess(): boolean {
    return this.#child.pid !== undefined;
  }

  /** What it ended with. */
  get code(): number {
    return this.#code;
  }

  /** It takes tasks. */
  get isStarted(): boolean {
    return this.#said === 'started';
  }

  /** It was told to stop. */
  get isTold(): boolean {
    return this.#isTold;
  }

  go(): void {
    this.#tell('go');
  }

  stop(): void {
    this.#isTold = true;
    this.#tell('stop');
  }

  /** Without a grace, but what it started is ended; it is killed when that takes longer than 1 s. */
  exit(): void {
    this.#tell('exit');
    this.#killing ??= setTimeout(() => this.kill(), EXIT_MS);
  }

  /** At once: for one that runs nothing. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #tell(message: WatchMessage): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}
