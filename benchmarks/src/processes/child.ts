import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * A process of the benchmark's own, told what to do by one argument, as JSON. It and its parent send each other messages; it ends when
 * its parent does. `Said` is what it says.
 */
export class Child<Said> {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  /** @param program its `main.js` */
  constructor(program: URL, argument: unknown) {
    this.#child = fork(fileURLToPath(program), [JSON.stringify(argument)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#ended = once(this.#child, 'exit').then(([code, signal]) => {
      throw new Error(`a process of the benchmark ended (code ${code}, signal ${signal})`);
    });
    // Nobody may be waiting when it ends.
    this.#ended.catch(() => undefined);
  }

  onMessage(listener: (said: Said) => void): void {
    this.#child.on('message', (said) => listener(said as Said));
  }

  /** What it says next. @throws Error when it ends first */
  async next(): Promise<Said> {
    const said = once(this.#child, 'message').then(([message]) => message as Said);
    return Promise.race([said, this.#ended]);
  }

  /** The promise, unless it ends first. @throws Error then */
  whileAlive<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#ended]);
  }

  send(message: object): void {
    this.#child.send(message);
  }

  /** Ends it at once: nothing of it is needed any more. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended.catch(() => undefined);
  }
}
