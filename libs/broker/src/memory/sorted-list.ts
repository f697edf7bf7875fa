/** Tells which of two comes first: negative for `a`, positive for `b`, 0 only for the same. */
export type Compare<Key> = (a: Key, b: Key) => number;

/** Small enough that moving what is behind costs nothing, large enough that there are few. */
const MAX_BLOCK = 512;

/**
 * Items in an order of their own, a million of them if need be: adding, deleting and looking up are a binary search and the move
 * of a part of one block. What an item is ordered by must not change while it is in here; `Key` is that part of an item.
 */
export class SortedList<Key, Item extends Key = Key & object> {
  readonly #compare: Compare<Key>;
  /** None is empty. */
  readonly #blocks: Item[][] = [];
  #size = 0;

  constructor(compare: Compare<Key>) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  get first(): Item | undefined {
    return this.#blocks[0]?.[0];
  }

  add(item: Item): void {
    this.#size += 1;
    const at = Math.min(this.#blockOf(item), this.#blocks.length - 1);
    const block = this.#blocks[at];
    if (!block) {
      this.#blocks.push([item]);
      return;
    }
    block.splice(this.#placeIn(block, item), 0, item);
    if (block.length > MAX_BLOCK) this.#blocks.splice(at + 1, 0, block.splice(MAX_BLOCK / 2));
  }

  /** False when it was not in here. */
  delete(item: Item): boolean {
    const at = this.#blockOf(item);
    const block = this.#blocks[at];
    if (!block) return false;
    const place = this.#placeIn(block, item);
    if (block[place] !== item) return false;
    block.splice(place, 1);
    if (block.length === 0) this.#blocks.splice(at, 1);
    this.#size -= 1;
    return true;
  }

  /** From the last to the first, or from the last one before `key`. The list must not change meanwhile. */
  *backwards(key?: Key): Generator<Item> {
    const start = key === undefined ? this.#blocks.length : this.#blockOf(key);
    for (let at = Math.min(start, this.#blocks.length - 1); at >= 0; at -= 1) {
      const block = this.#blocks[at] ?? [];
      const end = key !== undefined && at === start ? this.#placeIn(block, key) : block.length;
      for (let place = end - 1; place >= 0; place -= 1) yield block[place] as Item;
    }
  }

  /** The first block whose last item is not before the key. */
  #blockOf(key: Key): number {
    return firstWhere(this.#blocks.length, (at) => {
      const last = this.#blocks[at]?.at(-1) as Item;
      return this.#compare(last, key) >= 0;
    });
  }

  /** The first place in a block whose item is not before the key. */
  #placeIn(block: readonly Item[], key: Key): number {
    return firstWhere(block.length, (place) => this.#compare(block[place] as Item, key) >= 0);
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
