import type { TaskId } from '@goflow/shared';

/** Of the tasks and chunks pushed last at least so many are remembered, at most twice as many. */
const MANY = 50_000;

/** A chunk of which outcomes are still to come. */
interface OpenChunk {
  readonly size: number;
  open: number;
  /** One bit for each task, by index: set when its outcome has come. */
  readonly come: Uint8Array;
}

/** What was pushed in the same while. */
interface Generation {
  readonly tasks: Set<TaskId>;
  readonly chunks: Map<TaskId, OpenChunk>;
}

/**
 * Tasks whose outcomes will be sent here, and have not come yet. A chunk is one entry, however many tasks it has. Those of a lost
 * message, or never waited for, must not stay for ever: the older half is forgotten when the younger one is full.
 */
export class Addressed {
  #young = newGeneration();
  #old = newGeneration();

  add(id: TaskId): void {
    this.#turnIfFull();
    this.#young.tasks.add(id);
  }

  addChunk(id: TaskId, size: number): void {
    this.#turnIfFull();
    this.#young.chunks.set(id, { size, open: size, come: new Uint8Array((size + 7) >> 3) });
  }

  has(id: TaskId): boolean {
    if (this.#young.tasks.has(id) || this.#old.tasks.has(id)) return true;
    return this.#openPlaceOf(id) !== undefined;
  }

  /** Its outcome has come, or will not: that of a task, or those of a whole chunk. */
  delete(id: TaskId): void {
    const [young, old] = [this.#young, this.#old];
    // An id of the caller's own may be in both.
    const wasTask = young.tasks.delete(id);
    if (old.tasks.delete(id) || wasTask || young.chunks.delete(id) || old.chunks.delete(id)) return;
    const place = this.#openPlaceOf(id);
    if (!place) return;
    const { chunks, chunkId, chunk, index } = place;
    set(chunk.come, index);
    chunk.open -= 1;
    if (chunk.open === 0) chunks.delete(chunkId);
  }

  clear(): void {
    this.#young = newGeneration();
    this.#old = newGeneration();
  }

  /** Where in a chunk a task is, of which the outcome is still to come. */
  #openPlaceOf(id: TaskId) {
    const at = id.lastIndexOf(':');
    const chunkId = id.slice(0, at);
    const { chunks } = this.#young.chunks.has(chunkId) ? this.#young : this.#old;
    const chunk = chunks.get(chunkId);
    if (!chunk) return undefined;
    const index = Number(id.slice(at + 1));
    return index < chunk.size && !isSet(chunk.come, index)
      ? { chunks, chunkId, chunk, index }
      : undefined;
  }

  #turnIfFull(): void {
    if (this.#young.tasks.size + this.#young.chunks.size < MANY) return;
    this.#old = this.#young;
    this.#young = newGeneration();
  }
}

const newGeneration = (): Generation => ({ tasks: new Set(), chunks: new Map() });

const isSet = (bits: Uint8Array, index: number): boolean =>
  ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;

function set(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
}
