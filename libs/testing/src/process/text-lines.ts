import type { Readable } from 'node:stream';

/** Hears every whole line. */
export type LineListener = (line: string) => void;

/** Collects what a stream says, as text and line by line. */
export class TextLines {
  #text = '';
  #rest = '';
  readonly #lines: string[] = [];
  readonly #listener: LineListener;

  /** `listener` hears each line once it is whole, the last one also when the stream ends without a line break. */
  constructor(stream: Readable, listener: LineListener) {
    this.#listener = listener;
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => this.#take(chunk));
    stream.once('end', () => this.#end());
  }

  /** All that was said until now. */
  get text(): string {
    return this.#text;
  }

  /** The whole lines until now. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  #take(chunk: string): void {
    this.#text += chunk;
    const parts = (this.#rest + chunk).split(/\r?\n/);
    this.#rest = parts.pop() ?? '';
    for (const line of parts) this.#add(line);
  }

  #end(): void {
    if (this.#rest !== '') this.#add(this.#rest);
    this.#rest = '';
  }

  #add(line: string): void {
    this.#lines.push(line);
    this.#listener(line);
  }
}
