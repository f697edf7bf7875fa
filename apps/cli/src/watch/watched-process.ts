import type { ProgramHost } from '@goflow/worker/program';

/** What the two processes of `--watch` say to each other. */
export type WatchMessage = 'loaded' | 'go' | 'started' | 'stop' | 'exit';

/** Signals to all processes of a terminal. */
const PASSED_ON = ['SIGINT', 'SIGHUP'] as const;

type Leave = (signal: NodeJS.Signals) => void;

/**
 * The process of a worker that `--watch` started. It begins when it is told to, and stops when it is told to, when it gets SIGTERM, or when
 * nobody is left to tell it anything; told to exit, it does so at once. Ctrl-C, and the end of a terminal, go to all processes of it;
 * whoever watches passes them on, once.
 */
export class WatchedProcess implements ProgramHost {
  readonly stderr: ProgramHost['stderr'];
  readonly #host: NodeJS.Process;
  #isLeaving = false;

  constructor(host: NodeJS.Process) {
    this.#host = host;
    this.stderr = host.stderr;
    for (const signal of PASSED_ON) host.on(signal, () => undefined);
  }

  on(event: string, listener: (...given: never[]) => void): this {
    if (event === 'SIGTERM') this.#listenForStop(listener as Leave);
    else if (!PASSED_ON.some((signal) => signal === event))
      this.#host.on(event, listener as () => void);
    return this;
  }

  exit(code: number): never {
    return this.#host.exit(code);
  }

  /** Resolves when the old worker has ended. Ends the process when it never will. */
  waitForGo(): Promise<void> {
    return new Promise((resolve) => {
      this.#host.on('message', (message) => {
        if (message === 'go') resolve();
      });
      this.#tell('loaded');
    });
  }

  tellStarted(): void {
    this.#tell('started');
  }

  #tell(message: WatchMessage): void {
    if (this.#host.connected) this.#host.send?.(message);
    else this.#host.exit(0);
  }

  #listenForStop(listener: Leave): void {
    const leave = (): void => {
      // A second one would end it at once.
      if (this.#isLeaving) return;
      this.#isLeaving = true;
      listener('SIGTERM');
    };
    this.#host.on('SIGTERM', leave);
    this.#host.on('disconnect', leave);
    this.#host.on('message', (message) => {
      if (message === 'stop') leave();
      if (message !== 'exit') return;
      leave();
      // The second one, which ends it at once.
      listener('SIGTERM');
    });
  }
}
