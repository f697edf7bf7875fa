import { relative } from 'node:path';
import { LEAVING_SIGNALS, leavingCode } from '@goflow/commands/signals';
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
 * `goflow worker --watch`: one worker takes tasks, one other is ready with newer code, and one loads the code as it is now. When that is
 * loaded, it is the one that is ready, and the first is told to stop; when that has ended, the one that is ready is told to begin. So a port is
 * free when it is needed, two versions never run at once, and code that cannot be loaded changes nothing.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #watch: SourceWatch;
  #running: WatchedWorker | undefined;
  /** It is loaded, and waits for the end of the one that runs. */
  #ready: WatchedWorker | undefined;
  #loading: WatchedWorker | undefined;
  /** What the process ends with; `undefined`: what the worker ends with. */
  #code: number | undefined;
  #isStopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#watch = new SourceWatch(options.folders, (files) => this.#changed(files));
  }

  /** Starts the first worker. Signals stop the last one, and end the process. */
  start(): void {
    const { host } = this.#options;
    for (const signal of LEAVING_SIGNALS) host.on(signal, () => this.#stop(leavingCode(signal)));
    this.#watch.start();
    this.#load();
  }

  #changed(files: readonly string[]): void {
    const [first = '', ...more] = files.map((file) => relative(this.#options.cwd, file));
    this.#note(`${first}${more.length > 0 ? ` and ${more.length} more` : ''} changed: loading`);
    this.#load();
  }

  #load(): void {
    // It runs nothing yet, and what it loads is old. One that is ready stays: newer code may be broken.
    this.#loading?.kill();
    const { args, env, cwd, host } = this.#options;
    try {
      this.#loading = new WatchedWorker({
        program: host.argv[1] ?? '',
        args: ['worker', ...args],
        env,
        cwd,
        onLoaded: (worker) => this.#loaded(worker),
        onEnded: (worker, ended) => this.#ended(worker, ended),
      });
    } catch (error) {
      this.#failed(notStarted((error as Error).message));
    }
  }

  #loaded(worker: WatchedWorker): void {
    if (worker !== this.#loading) return;
    this.#ready?.kill();
    this.#ready = worker;
    this.#loading = undefined;
    if (this.#running === undefined) this.#begin();
    else if (!this.#running.isTold) this.#running.stop();
  }

  #begin(): void {
    this.#running = this.#ready;
    this.#ready = undefined;
    this.#running?.go();
  }

  #ended(worker: WatchedWorker, ended: string): void {
    if (worker === this.#loading)
      this.#failed(worker.isProcess ? 'the code could not be loaded' : notStarted(ended));
    else if (worker === this.#ready) this.#ready = undefined;
    else if (worker === this.#running) this.#gone(worker, ended);
    if (this.#isStopping && this.#running === undefined)
      this.#options.host.exit(this.#code ?? worker.code);
  }

  #failed(why: string): void {
    this.#loading = undefined;
    if (this.#isStopping) return;
    this.#note(`${why}; ${this.#rest()}, until the next change`);
  }

  /** What goes on without the newest code. */
  #rest(): string {
    if (this.#ready) return 'the code before it is what runs next';
    return this.#running && !this.#running.isTold ? 'the old worker goes on' : 'nothing runs';
  }

  #gone(worker: WatchedWorker, ended: string): void {
    this.#running = undefined;
    if (this.#isStopping) return;
    // Not the fault of the code, such as a port that is taken: nobody would mend it by a change.
    if (!worker.isStarted && !worker.isTold) this.#options.host.exit(worker.code);
    if (!worker.isTold) this.#note(`the worker ended by itself (${ended})`);
    if (this.#ready) this.#begin();
    else if (this.#loading === undefined) this.#note('nothing runs, until the next change');
  }

  /** The second signal does not wait for tasks. */
  #stop(code: number): void {
    this.#loading?.kill();
    this.#ready?.kill();
    if (this.#running === undefined) this.#options.host.exit(this.#isStopping ? code : 0);
    if (this.#isStopping) {
      this.#code = code;
      this.#running?.exit();
      return;
    }
    this.#isStopping = true;
    this.#watch.stop();
    this.#running?.stop();
  }

  #note(text: string): void {
    this.#options.host.stderr.write(`goflow worker --watch: ${text}\n`);
  }
}

const notStarted = (why: string): string => `the new worker could not be started: ${why}`;
