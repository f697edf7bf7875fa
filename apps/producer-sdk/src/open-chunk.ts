/** Where a chunk of large payloads ends before it is full: what one command carries is read and written in one go. */
const MAX_BYTES = 1024 * 1024;

/** Payloads that are to be one chunk. */
export class OpenChunk {
  /** As JSON, by index. */
  readonly payloadsJson: string[] = [];
  readonly #size: number;
  #bytes = 0;

  /** @param size the most that it takes */
  constructor(size: number) {
    this.#size = size;
  }

  get isFull(): boolean {
    return this.payloadsJson.length >= this.#size;
  }

  /** Takes a payload where there is room for it; the first always has. */
  add(payloadJson: string): boolean {
    const bytes = Buffer.byteLength(payloadJson);
    const isFirst = this.payloadsJson.length === 0;
    if (!isFirst && (this.isFull || this.#bytes + bytes > MAX_BYTES)) return false;
    this.#bytes += bytes;
    this.payloadsJson.push(payloadJson);
    return true;
  }
}
