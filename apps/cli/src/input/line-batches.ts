import type { Readable } from 'node:stream';
import { GoflowError } from '@goflow/shared';

/** One line that is not blank. */
export interface Line {
  /** 1 for the first. */
  readonly number: number;
  readonly text: string;
}

/** How {@link lineBatches} reads. */
export interface BatchOptions {
  /** The most lines that are given out at once. */
  readonly lines: number;
  /** What its lines come from, for errors. */
  readonly name: string;
}

/** What is given out at once is at most so long, but for a single line. */
const MAX_BATCH = 4 * 1024 * 1024;
/** Far more than any payload: a file without line breaks must not fill the memory. */
const MAX_LINE = 64 * 1024 * 1024;

/**
 * The lines of a stream, many at once, with their numbers; blank ones are passed over. It reads no faster than batches are taken, and never
 * waits for a full one where nothing more has come: somebody may write line by line.
 *
 * @throws OPTION_INVALID naming the line that is no UTF-8, or longer than 64 Mi characters
 */
export async function* lineBatches(
  stream: Readable,
  { lines, name }: BatchOptions,
): AsyncGenerator<readonly Line[], void, undefined> {
  const cutter = new Cutter(name);
  let batch: Line[] = [];
  let length = 0;
  for await (const bytes of stream as AsyncIterable<Uint8Array>) {
    for (const line of cutter.add(bytes)) {
      batch.push(line);
      length += line.text.length;
      if (batch.length < lines && length < MAX_BATCH) continue;
      yield batch;
      [batch, length] = [[], 0];
    }
    if (batch.length === 0 || stream.readableLength > 0) continue;
    yield batch;
    [batch, length] = [[], 0];
  }
  const last = cutter.end();
  if (last) batch.push(last);
  if (batch.length > 0) yield batch;
}

class Cutter {
  readonly #name: string;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #number = 0;
  /** Of a line whose end has not come. */
  #parts: string[] = [];
  #length = 0;

  constructor(name: string) {
    this.#name = name;
  }

  *add(bytes: Uint8Array): Generator<Line, void, undefined> {
    const pieces = this.#decode(bytes).split('\n');
    const rest = pieces.pop() ?? '';
    for (const piece of pieces) {
      const line = this.#cut(piece);
      if (line) yield line;
    }
    this.#keep(rest);
  }

  end(): Line | undefined {
    return this.#cut(this.#decode());
  }

  #decode(bytes?: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      // What is read at once may be many lines: no further than that is it known.
      throw this.#refused('or one soon after is no UTF-8');
    }
  }

  #cut(end: string): Line | undefined {
    this.#keep(end);
    const text = this.#parts.join('').trim();
    this.#parts = [];
    this.#length = 0;
    this.#number += 1;
    return text === '' ? undefined : { number: this.#number, text };
  }

  #keep(part: string): void {
    this.#parts.push(part);
    this.#length += part.length;
    if (this.#length > MAX_LINE) throw this.#refused('is longer than 64 Mi characters');
  }

  #refused(why: string): GoflowError {
    return new GoflowError('OPTION_INVALID', `${this.#name}, line ${this.#number + 1} ${why}`);
  }
}
