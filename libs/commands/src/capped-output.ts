/** What a command wrote to one stream, up to a limit in bytes. What is over it is counted, and dropped. */
export class CappedOutput {
  readonly #limit: number;
  /** Copied: a chunk of one byte holds on to more than a hundred, and a command may write a million of them. */
  #kept = Buffer.alloc(0);
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
    const more = Math.min(chunk.length, this.#limit - this.#keptBytes);
    if (more <= 0) return;
    this.#makeRoom(this.#keptBytes + more);
    chunk.copy(this.#kept, this.#keptBytes, 0, more);
    this.#keptBytes += more;
  }

  /** What is kept, with a mark where the rest is cut off. Bytes that are no UTF-8 are replaced by U+FFFD. */
  text(): string {
    // In one piece: a character may have come in two chunks.
    const bytes = this.#kept.subarray(0, this.#keptBytes);
    if (!this.isCut) return bytes.toString('utf8');
    const whole = bytes.subarray(0, endOfWholeCharacters(bytes));
    return `${whole.toString('utf8')}${cutMark(whole.length, this.#bytes)}`;
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#kept.length) return;
    const size = Math.max(bytes, Math.min(this.#kept.length * 2, this.#limit), FIRST_BYTES);
    const larger = Buffer.allocUnsafeSlow(size);
    this.#kept.copy(larger, 0, 0, this.#keptBytes);
    this.#kept = larger;
  }
}

const FIRST_BYTES = 1_024;

/** What stands where the rest was cut off. */
export function cutMark(kept: number, of: number): string {
  return `\n[goflow: cut after ${kept} of ${of} bytes]`;
}

/** Of how many bytes something was cut off before, as the mark at its end says. */
export function wholeOf(text: string): number | undefined {
  const [, of] = /\n\[goflow: cut after \d+ of (\d+) bytes\]$/.exec(text) ?? [];
  return of === undefined ? undefined : Number(of);
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
