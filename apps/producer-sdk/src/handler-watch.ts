import { type Broker, GoflowError } from '@goflow/shared';

/** What looking after handlers needs. */
export interface HandlerWatchOptions {
  readonly broker: Pick<Broker, 'isHandled' | 'isHandledNow'>;
  /** Refuse what nobody can run, instead of a warning. */
  readonly strict: boolean;
  /** Told once of a type that no live worker has a handler for; again after a worker had it. */
  readonly onUnhandled: (type: string) => void;
}

/** Notices pushes of types that no live worker can run: a misspelt worker set-up otherwise shows as tasks that wait for ever. */
export class HandlerWatch {
  readonly #options: HandlerWatchOptions;
  readonly #unhandled = new Set<string>();

  constructor(options: HandlerWatchOptions) {
    this.#options = options;
  }

  /** With `strict` a promise, which rejects as TASK_TYPE_UNHANDLED; else nothing to wait for. */
  check(type: string): Promise<void> | undefined {
    const { broker, strict } = this.#options;
    if (strict) return this.#refuse(type);
    const isHandled = broker.isHandled(type);
    if (isHandled) this.#unhandled.delete(type);
    else if (!this.#unhandled.has(type)) void this.#tell(type, isHandled);
    return undefined;
  }

  /** A program may push only once: what is not known yet is asked for. */
  async #tell(type: string, isHandled: boolean | undefined): Promise<void> {
    this.#unhandled.add(type);
    const { broker, onUnhandled } = this.#options;
    const known = isHandled ?? (await broker.isHandledNow(type).catch(() => true));
    if (known) this.#unhandled.delete(type);
    else onUnhandled(type);
  }

  async #refuse(type: string): Promise<void> {
    if (await this.#options.broker.isHandledNow(type)) return;
    throw new GoflowError('TASK_TYPE_UNHANDLED', `no live worker has a handler of ${type}`);
  }
}
