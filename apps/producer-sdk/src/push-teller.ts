import type { Cancelled, ClientEvents, Emitter, Pushed, TaskId, Tasks } from '@goflow/shared';
import { idInChunk } from './chunk-sender.js';

/** What pushed tasks have in common. */
interface Kind {
  readonly queue: string;
  readonly type: string;
}

/** Tells of pushes and cancels as events of a client. As long as nobody listens nothing is done for it. */
export class PushTeller {
  readonly #events: Emitter<ClientEvents>;
  readonly #tasks: Tasks;
  readonly #heard = new Set<keyof ClientEvents>();
  #isMeasuring = false;

  constructor(events: Emitter<ClientEvents>, tasks: Tasks) {
    this.#events = events;
    this.#tasks = tasks;
  }

  /** Somebody listens to this event from now on. */
  hears(event: keyof ClientEvents): void {
    this.#heard.add(event);
    this.#isMeasuring = this.#heard.has('push:ended');
  }

  /** Whether pushes are to be measured. */
  get isMeasuring(): boolean {
    return this.#isMeasuring;
  }

  /** A task is in its queue, or was there before. */
  arrived({ queue, type }: Kind, { id, deduplicated }: Pushed): void {
    if (this.#heard.has('task:pushed'))
      this.#events.emit('task:pushed', { id, type, deduplicated });
    if (this.#heard.has('push:arrived'))
      this.#events.emit('push:arrived', { queue, type, tasks: 1, deduplicated });
  }

  /** All tasks of a chunk are in their queue. */
  chunkArrived({ queue, type }: Kind, { id, size }: { id: TaskId; size: number }): void {
    if (this.#heard.has('push:arrived'))
      this.#events.emit('push:arrived', { queue, type, tasks: size, deduplicated: false });
    if (!this.#heard.has('task:pushed')) return;
    for (let index = 0; index < size; index += 1)
      this.#events.emit('task:pushed', { id: idInChunk(id, index), type, deduplicated: false });
  }

  /** A task was asked to end, and it did something. */
  cancelled({ id, type }: { id: TaskId; type: string }, { effect }: Cancelled): void {
    if (effect === 'none') return;
    const queue = id.slice(0, id.indexOf(':'));
    const known = this.#tasks.contracts.has(type) ? type : undefined;
    this.#events.emit('task:cancelled', { id, queue, type: known, effect });
  }

  /** Measures one call for so many tasks. @throws what `push` throws */
  measure<T>(type: string, tasks: number, push: () => Promise<T>): Promise<T> {
    return this.#isMeasuring ? this.#measure(type, tasks, push) : push();
  }

  async #measure<T>(type: string, tasks: number, push: () => Promise<T>): Promise<T> {
    const begunAt = performance.now();
    const queue = this.#tasks.contracts.get(type)?.queue;
    const end = (error?: unknown): void => {
      const tookMs = performance.now() - begunAt;
      this.#events.emit('push:ended', { queue, type, tasks, tookMs, error });
    };
    try {
      const pushed = await push();
      end();
      return pushed;
    } catch (error) {
      end(error);
      throw error;
    }
  }
}
