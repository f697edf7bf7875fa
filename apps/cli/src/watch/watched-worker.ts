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

/** A worker in a process of its own: it loads the code, and waits until it may begin. */
export class WatchedWorker {
  readonly #child: ChildProcess;
  #code = 0;
  #said: WatchMessage | undefined;
  #isTold = false;

  constructor({ program, args, env, cwd, onLoaded, onEnded }: WatchedWorkerOptions) {
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    this.#child = fork(program, args, { env, cwd, stdio: [...stdio] });
    this.#child.on('message', (message: WatchMessage) => {
      this.#said = message;
      if (message === 'loaded') onLoaded(this);
    });
    // One that has ended is told something: its end is told, too.
    this.#child.on('error', () => undefined);
    this.#child.on('exit', (code, signal) => {
      this.#code = code ?? 1;
      onEnded(this, signal === null ? `exit code ${code}` : signal);
    });
  }

  /** What it ended with. */
  get code(): number {
    return this.#code;
  }

  /** Its code is loaded: it may be told to begin. */
  get isLoaded(): boolean {
    return this.#said !== undefined;
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

  /** At once: for one that runs nothing. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #tell(message: WatchMessage): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}
