/** What a command wrote to one stream, up to a limit in bytes. What is over it is counted, and dropped. */
export class CappedOutput {
  readonly #limit: number;
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** All that came, kept or not. */
  get bytes(): number {
    return this.#bytes;
  }

  get isCut(): boolean {
    return this.#bytes > this.#limit;
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    const room = this.#limit - this.#keptBytes;
    if (room <= 0) return;
    const kept = chunk.length > room ? chunk.subarray(0, room) : chunk;
    this.#kept.push(kept);
    this.#keptBytes += kept.length;
  }

  /** What is kept, with a mark where the rest is cut off. Bytes that are no UTF-8 are replaced by U+FFFD. */
  text(): string {
    // In one piece: a character may have come in two chunks.
    const bytes = Buffer.concat(this.#kept);
    if (!this.isCut) return bytes.toString('utf8');
    const whole = bytes.subarray(0, endOfWholeCharacters(bytes));
    return `${whole.toString('utf8')}${cutMark(whole.length, this.#bytes)}`;
  }
}

/** What stands where the rest was cut off. */
export function cutMark(kept: number, of: number): string {
  return `\n[goflow: cut after ${kept} of ${of} bytes]`;
}

/** Where the last character begins, if the cut went through it; else the end. */
function endOfWholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    const isContinuation = (byte & 0xc0) === 0x80;
    if (isContinuation) continue;
    return lengthOfCharacter(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function lengthOfCharacter(first: number): number {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}
