import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { until } from '@goflow/testing';
import type { Answer, Order, ProcessSettings } from '../load/orders.js';
import type { Role } from './world.js';

/** What a process is started with. */
export interface MemberOptions {
  readonly role: Role;
  readonly settings: ProcessSettings;
  /** The file that all its output goes to. */
  readonly log: string;
}

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** One worker or producer process. */
export class Member {
  readonly role: Role;
  readonly name: string;
  readonly ledger: string;
  readonly log: string;
  readonly startedAt = Date.now();
  /** How it ended; undefined while it runs. */
  exit:
    | { readonly code: number | null; readonly signal: string | null; readonly at: number }
    | undefined;
  /** It was told to end, or was killed, by the harness. */
  isDoomed = false;
  isReady = false;
  /** It was told to push, and has not said that it is done. */
  isLoading = false;
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #answers: Answer[] = [];

  constructor({ role, settings, log }: MemberOptions) {
    this.role = role;
    this.name = settings.name;
    this.ledger = settings.ledger;
    this.log = log;
    const output = openSync(log, 'a');
    // The built one, also where a test runs from the sources.
    const file = fileURLToPath(new URL(`../../dist/load/${role}-program.js`, import.meta.url));
    const child = fork(file, [], {
      execArgv: ['--expose-gc', '--enable-source-maps'],
      env: { ...process.env, CHAOS: JSON.stringify(settings) },
      stdio: ['ignore', output, output, 'ipc'],
    });
    closeSync(output);
    this.#child = child;
    alive.add(child);
    child.on('message', (said) => this.#hear(said as Answer));
    child.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        alive.delete(child);
        this.exit = { code, signal, at: Date.now() };
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Tells it something; nothing happens once it has ended. */
  tell(order: Order): void {
    if (order.do === 'load') this.isLoading = true;
    if (this.#child.connected) this.#child.send(order, () => undefined);
  }

  /** The next answer of a kind; `undefined` when it ends before. @throws Error when neither comes within the time */
  async answer<K extends Answer['is']>(
    is: K,
    timeoutMs: number,
  ): Promise<Extract<Answer, { is: K }> | undefined> {
    const found = await until(
      () => {
        const at = this.#answers.findIndex((one) => one.is === is);
        return at >= 0
          ? { answer: this.#answers.splice(at, 1)[0] }
          : this.exit && { answer: undefined };
      },
      { what: `${this.name} says ${is}`, timeoutMs },
    );
    return found.answer as Extract<Answer, { is: K }> | undefined;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it at once. */
  kill(): void {
    this.isDoomed = true;
    this.signal('SIGKILL');
  }

  /** Tells it to stop, and kills it when it has not ended after so long. False when it had to. */
  async stop(patienceMs: number): Promise<boolean> {
    this.isDoomed = true;
    let hasStopped = true;
    const timer = setTimeout(() => {
      hasStopped = false;
      this.signal('SIGKILL');
    }, patienceMs);
    this.signal('SIGTERM');
    await this.ended;
    clearTimeout(timer);
    return hasStopped;
  }

  #hear(said: Answer): void {
    if (said.is === 'ready') this.isReady = true;
    else this.#answers.push(said);
  }
}
