/** A run of bytes of one reply, or of one push message. */
export interface ReplyPart {
  readonly bytes: Buffer;
  /** True for a push message of RESP3, which answers no request. */
  readonly isPush: boolean;
  /** True when the reply ends with these bytes. */
  readonly ends: boolean;
}

const NEW_LINE = 0x0a;
const PUSH = 0x3e;

/** Finds where the replies of a server (RESP2 and RESP3) begin and end. Holds no more than an unfinished line. */
export class ReplyScan {
  /** Values that are still to come before the reply is whole. */
  #open = 1;
  /** Bytes of a bulk string that are still to come, its line break included. */
  #bulk = 0;
  #line = '';
  #isPush = false;
  #isFresh = true;
  #isResp = true;

  /** False once something came that is no RESP: ends are not found any more. */
  get isResp(): boolean {
    return this.#isResp;
  }

  /** The chunk, cut where replies end. */
  push(chunk: Buffer): readonly ReplyPart[] {
    const parts: ReplyPart[] = [];
    let start = 0;
    let at = 0;
    while (at < chunk.length && this.#isResp) {
      if (this.#isFresh) this.#isPush = chunk[at] === PUSH;
      this.#isFresh = false;
      at = this.#bulk > 0 ? this.#skipBulk(chunk, at) : this.#readLine(chunk, at);
      if (this.#open > 0) continue;
      parts.push({ bytes: chunk.subarray(start, at), isPush: this.#isPush, ends: true });
      start = at;
      this.#open = 1;
      this.#isFresh = true;
    }
    if (start < chunk.length)
      parts.push({ bytes: chunk.subarray(start), isPush: this.#isPush, ends: false });
    return parts;
  }

  #skipBulk(chunk: Buffer, at: number): number {
    const taken = Math.min(this.#bulk, chunk.length - at);
    this.#bulk -= taken;
    if (this.#bulk === 0) this.#open -= 1;
    return at + taken;
  }

  #readLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(NEW_LINE, at);
    const next = end === -1 ? chunk.length : end + 1;
    this.#line += chunk.toString('latin1', at, next);
    if (end === -1) return next;
    this.#take(this.#line.charAt(0), Number(this.#line.slice(1, -2)));
    this.#line = '';
    return next;
  }

  #take(type: string, count: number): void {
    if ('+-:_#,('.includes(type)) this.#open -= 1;
    // -1 is RESP2's null.
    else if (count === -1) this.#open -= 1;
    else if (!Number.isInteger(count)) this.#isResp = false;
    else if ('$=!'.includes(type)) this.#bulk = count + 2;
    else if ('*~>'.includes(type)) this.#open += count - 1;
    else if (type === '%') this.#open += 2 * count - 1;
    // Attributes come before the value that they are of.
    else if (type === '|') this.#open += 2 * count;
    else this.#isResp = false;
  }
}
