import { type Clock, checkKnown, type ResultStore, type TaskId } from '@goflow/shared';
import { checkKept } from './store-rules.js';

/** Options of {@link createMemoryResultStore}. */
export interface MemoryResultStoreOptions {
  /** Where it gets the time from. @default this machine's clock */
  readonly clock?: Pick<Clock, 'now'> | undefined;
}

/** Results in the memory of this process. */
export interface MemoryResultStore extends ResultStore {
  /** Results held, those among them whose time is over and that are not yet freed. */
  readonly size: number;
  /** Frees all results whose time is over. Until then they take memory, but are not given. */
  sweep(): Promise<void>;
}

/**
 * Keeps results in this process: for one process that is client and worker, and for tests. They are gone when it ends.
 *
 * @throws OPTION_INVALID
 */
export function createMemoryResultStore(options: MemoryResultStoreOptions = {}): MemoryResultStore {
  checkKnown('createMemoryResultStore options', options, ['clock']);
  return new MemoryStore(options.clock ?? Date);
}

interface Kept {
  readonly resultJson: string;
  /** Milliseconds since 1970; from then on it is not given. */
  readonly endsAt: number;
}

class MemoryStore implements MemoryResultStore {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #kept = new Map<TaskId, Kept>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#kept.size;
  }

  async put(id: TaskId, resultJson: string, ttlMs: number): Promise<void> {
    checkKept(id, ttlMs);
    this.#kept.set(id, { resultJson, endsAt: this.#clock.now() + ttlMs });
  }

  async get(ids: readonly TaskId[]): Promise<readonly (string | undefined)[]> {
    const now = this.#clock.now();
    return ids.map((id) => {
      const kept = this.#kept.get(id);
      return kept !== undefined && kept.endsAt > now ? kept.resultJson : undefined;
    });
  }

  async sweep(): Promise<void> {
    const now = this.#clock.now();
    for (const [id, { endsAt }] of this.#kept) if (endsAt <= now) this.#kept.delete(id);
  }
}
