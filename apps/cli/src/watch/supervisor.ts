import { relative } from 'node:path';
import { SourceWatch } from './source-watch.js';
import { WatchedWorker } from './watched-worker.js';

/** What is watched, and how a worker is started. */
export interface SupervisorOptions {
  /** What stands behind `goflow worker`. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly host: NodeJS.Process;
  /** What is watched. */
  readonly folders: readonly string[];
}

/**
 * `goflow worker --watch`: at most one worker takes tasks, and at most one other loads the code as it is now. When that is loaded, the first is
 * told to stop, and when it has ended, the other is told to begin. So a port is free when it is needed, two versions never run at
 * once, and code that cannot be loaded changes nothing.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #watch: SourceWatch;
  #running: WatchedWorker | undefined;
  #next: WatchedWorker | undefined;
  #isStopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#watch = new SourceWatch(options.folders, (files) => this.#changed(files));
  }

  /** Starts the first worker. Signals stop the last one, and end the process. */
  start(): void {
    const { host } = this.#options;
    host.on('SIGINT', () => this.#stop(130));
    host.on('SIGTERM', () => this.#stop(143));
    this.#watch.start();
    this.#load();
  }

  #changed(files: readonly string[]): void {
    const [first = '', ...more] = files.map((file) => relative(this.#options.cwd, file));
    this.#note(`${first}${more.length > 0 ? ` and ${more.length} more` : ''} changed: loading`);
    this.#load();
  }

  #load(): void {
    // It runs nothing yet.
    this.#next?.kill();
    const { args, env, cwd, host } = this.#options;
    this.#next = new WatchedWorker({
      program: host.argv[1] ?? '',
      args: ['worker', ...args],
      env,
      cwd,
      onLoaded: (worker) => this.#loaded(worker),
      onEnded: (worker, ended) => this.#ended(worker, ended),
    });
  }

  #loaded(worker: WatchedWorker): void {
    if (worker !== this.#next) return;
    if (this.#running === undefined) this.#begin();
    else if (!this.#running.isTold) this.#running.stop();
  }

  #begin(): void {
    this.#running = this.#next;
    this.#next = undefined;
    this.#running?.go();
  }

  #ended(worker: WatchedWorker, ended: string): void {
    if (worker === this.#next) this.#failed();
    else if (worker === this.#running) this.#gone(worker, ended);
    if (this.#isStopping && this.#running === undefined) this.#options.host.exit(worker.code);
  }

  #failed(): void {
    this.#next = undefined;
    if (this.#isStopping) return;
    const rest = this.#running ? 'the old worker goes on' : 'nothing runs';
    this.#note(`the code could not be loaded; ${rest}, until the next change`);
  }

  #gone(worker: WatchedWorker, ended: string): void {
    this.#running = undefined;
    if (this.#isStopping) return;
    // Not the fault of the code, such as a port that is taken: nobody would mend it by a change.
    if (!worker.isStarted && !worker.isTold) this.#options.host.exit(worker.code);
    if (!worker.isTold) this.#note(`the worker ended by itself (${ended})`);
    if (this.#next?.isLoaded) this.#begin();
    else if (this.#next === undefined) this.#note('nothing runs, until the next change');
  }

  /** The second signal does not wait. */
  #stop(code: number): void {
    const { host } = this.#options;
    this.#next?.kill();
    if (this.#isStopping) this.#running?.kill();
    if (this.#isStopping || this.#running === undefined) {
      host.exit(this.#isStopping ? code : 0);
    }
    this.#isStopping = true;
    this.#watch.stop();
    this.#running?.stop();
  }

  #note(text: string): void {
    this.#options.host.stderr.write(`goflow worker --watch: ${text}\n`);
  }
}
