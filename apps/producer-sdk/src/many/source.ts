/** What {@link Source.next} gives: an item, or nothing at the end. */
export interface SourceStep {
  readonly item: unknown;
}

/** Reads an iterable of either kind as `for await` does, one item at a time, but can be closed while a read is under way. */
export class Source {
  readonly #iterable: Iterable<unknown> | AsyncIterable<unknown>;
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  /** An iterator that answers later was asked, and has not answered. */
  #isReading = false;
  /** It ended, threw, or was closed: an iterator that did is not closed again. */
  #isOver = false;

  constructor(iterable: Iterable<unknown> | AsyncIterable<unknown>) {
    this.#iterable = iterable;
  }

  /**
   * The next item; `undefined` at the end. A promise among the items of an iterable is awaited.
   *
   * @throws what the iterable throws
   */
  async next(): Promise<SourceStep | undefined> {
    const step = await this.#step();
    return step.done ? undefined : { item: await step.value };
  }

  /**
   * Calls `return()` of the iterator, once, where it was opened and is not over. It is waited for, but not while a read is under
   * way: that may never end, and an async generator closes only after it.
   *
   * @throws what `return()` throws, unless a read is under way
   */
  async close(): Promise<void> {
    if (!this.#iterator || this.#isOver) return;
    this.#isOver = true;
    const closing = leave(this.#iterator);
    if (this.#isReading) closing.catch(() => undefined);
    else await closing;
  }

  async #step(): Promise<IteratorResult<unknown>> {
    try {
      this.#iterator ??= open(this.#iterable);
      const reading = this.#iterator.next();
      this.#isReading = 'then' in reading;
      const step = await reading;
      if (step.done) this.#isOver = true;
      return step;
    } catch (error) {
      this.#isOver = true;
      throw error;
    } finally {
      this.#isReading = false;
    }
  }
}

/** True for what `for await` can read. */
export function isSource(source: unknown): source is Iterable<unknown> | AsyncIterable<unknown> {
  const given = source as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  return [given?.[Symbol.asyncIterator], given?.[Symbol.iterator]].some(
    (method) => typeof method === 'function',
  );
}

function open(
  iterable: Iterable<unknown> | AsyncIterable<unknown>,
): Iterator<unknown> | AsyncIterator<unknown> {
  // As `for await`: what can be read both ways is read asynchronously.
  return (iterable as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator]
    ? (iterable as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    : (iterable as Iterable<unknown>)[Symbol.iterator]();
}

async function leave(iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.();
}
