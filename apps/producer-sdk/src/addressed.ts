import type { TaskId } from '@goflow/shared';

/** Of the tasks and chunks pushed last at least so many are remembered, at most twice as many. */
const MANY = 50_000;

/** A chunk of which outcomes are still to come. */
interface OpenChunk {
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
    this.#young.chunks.set(id, { open: size, come: new Uint8Array((size + 7) >> 3) });
  }

  has(id: TaskId): boolean {
    return has(this.#young, id) || has(this.#old, id);
  }

  /** Its outcome has come, or will not: that of a task, or those of a whole chunk. */
  delete(id: TaskId): void {
    // An id of the caller's own may be in both.
    remove(this.#young, id);
    remove(this.#old, id);
  }

  clear(): void {
    this.#young = newGeneration();
    this.#old = newGeneration();
  }

  #turnIfFull(): void {
    if (this.#young.tasks.size + this.#young.chunks.size < MANY) return;
    this.#old = this.#young;
    this.#young = newGeneration();
  }
}

const newGeneration = (): Generation => ({ tasks: new Set(), chunks: new Map() });

function has(generation: Generation, id: TaskId): boolean {
  if (generation.tasks.has(id)) return true;
  if (generation.chunks.size === 0) return false;
  const { chunk, index } = placeOf(generation, id);
  return chunk !== undefined && !isSet(chunk.come, index);
}

function remove(generation: Generation, id: TaskId): void {
  if (generation.tasks.delete(id) || generation.chunks.size === 0) return;
  if (generation.chunks.delete(id)) return;
  const { chunkId, chunk, index } = placeOf(generation, id);
  if (!chunk || isSet(chunk.come, index)) return;
  set(chunk.come, index);
  chunk.open -= 1;
  if (chunk.open === 0) generation.chunks.delete(chunkId);
}

function placeOf({ chunks }: Generation, id: TaskId) {
  const at = id.lastIndexOf(':');
  const chunkId = id.slice(0, at);
  return { chunkId, chunk: chunks.get(chunkId), index: Number(id.slice(at + 1)) };
}

const isSet = (bits: Uint8Array, index: number): boolean =>
  ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;

function set(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
}
