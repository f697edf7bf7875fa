import type { Pushed } from '@goflow/shared';
import { errorInChunk, idInChunk, type SentChunk } from '../chunk-sender.js';
import { OpenChunk } from '../open-chunk.js';

/** Sends payloads, as JSON, as one chunk. */
export type SendChunk = (payloadsJson: readonly string[]) => Promise<SentChunk>;

interface Item {
  readonly resolve: (pushed: Pushed) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Puts payloads that come in the same turn of the event loop into one chunk. It goes when it is full, else at the end of the turn: what
 * comes slowly is not held up, and goes in smaller chunks.
 */
export class Collector {
  readonly #size: number;
  readonly #send: SendChunk;
  #open: OpenChunk;
  /** Those whose payloads are in the open chunk, by index. */
  #items: Item[] = [];
  #endOfTurn: NodeJS.Immediate | undefined;

  constructor(size: number, send: SendChunk) {
    this.#size = size;
    this.#send = send;
    this.#open = new OpenChunk(size);
  }

  /** @throws what sending its chunk throws */
  push(payloadJson: string): Promise<Pushed> {
    return new Promise((resolve, reject) => {
      if (!this.#open.add(payloadJson)) {
        this.#close();
        this.#open.add(payloadJson);
      }
      this.#items.push({ resolve, reject });
      this.#endOfTurn ??= setImmediate(() => this.#close());
      if (this.#open.isFull) this.#close();
    });
  }

  #close(): void {
    clearImmediate(this.#endOfTurn);
    this.#endOfTurn = undefined;
    const { payloadsJson } = this.#open;
    const items = this.#items;
    this.#open = new OpenChunk(this.#size);
    this.#items = [];
    const refuse = (error: unknown): void => {
      for (const { reject } of items) reject(error);
    };
    this.#send(payloadsJson).then(({ id, error }) => {
      for (const [index, { resolve, reject }] of items.entries()) {
        const own = idInChunk(id, index);
        if (error) reject(errorInChunk(error, own));
        else resolve({ id: own, deduplicated: false });
      }
    }, refuse);
  }
}
