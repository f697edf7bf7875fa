/** Tells which of two comes first: negative for `a`, positive for `b`, 0 only for the same. */
export type Compare<Key> = (a: Key, b: Key) => number;

/** Small enough that moving what is behind costs nothing, large enough that there are few. */
const MAX_CHUNK = 512;

/**
 * Items in an order of their own, a million of them if need be: adding, deleting and looking up are a binary search and the move
 * of a part of one chunk. What an item is ordered by must not change while it is in here; `Key` is that part of an item.
 */
export class SortedList<Key, Item extends Key = Key & object> {
  readonly #compare: Compare<Key>;
  /** None is empty. */
  readonly #chunks: Item[][] = [];
  #size = 0;

  constructor(compare: Compare<Key>) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  get first(): Item | undefined {
    return this.#chunks[0]?.[0];
  }

  add(item: Item): void {
    this.#size += 1;
    const at = Math.min(this.#chunkOf(item), this.#chunks.length - 1);
    const chunk = this.#chunks[at];
    if (!chunk) {
      this.#chunks.push([item]);
      return;
    }
    chunk.splice(this.#placeIn(chunk, item), 0, item);
    if (chunk.length > MAX_CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(MAX_CHUNK / 2));
  }

  /** False when it was not in here. */
  delete(item: Item): boolean {
    const at = this.#chunkOf(item);
    const chunk = this.#chunks[at];
    if (!chunk) return false;
    const place = this.#placeIn(chunk, item);
    if (chunk[place] !== item) return false;
    chunk.splice(place, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    this.#size -= 1;
    return true;
  }

  /** From the last to the first, or from the last one before `key`. The list must not change meanwhile. */
  *backwards(key?: Key): Generator<Item> {
    const start = key === undefined ? this.#chunks.length : this.#chunkOf(key);
    for (let at = Math.min(start, this.#chunks.length - 1); at >= 0; at -= 1) {
      const chunk = this.#chunks[at] ?? [];
      const end = key !== undefined && at === start ? this.#placeIn(chunk, key) : chunk.length;
      for (let place = end - 1; place >= 0; place -= 1) yield chunk[place] as Item;
    }
  }

  /** The first chunk whose last item is not before the key. */
  #chunkOf(key: Key): number {
    return firstWhere(this.#chunks.length, (at) => {
      const last = this.#chunks[at]?.at(-1) as Item;
      return this.#compare(last, key) >= 0;
    });
  }

  /** The first place in a chunk whose item is not before the key. */
  #placeIn(chunk: readonly Item[], key: Key): number {
    return firstWhere(chunk.length, (place) => this.#compare(chunk[place] as Item, key) >= 0);
  }
}

/** The first of `count` numbers from 0 for which `holds`, which then holds for all that follow; `count` when for none. */
function firstWhere(count: number, holds: (at: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
