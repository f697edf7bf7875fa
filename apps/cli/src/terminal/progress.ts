import { counted } from './counts.js';
import type { Output } from './output.js';

/** How far something long has come. */
export interface Advance {
  /** Things that are done. */
  readonly done: number;
  /** 0 to 1, where it is known. */
  readonly share?: number | undefined;
  /** More that is worth knowing. */
  readonly more?: string | undefined;
}

const LEAST_MS = 100;
const BAR = 20;

/** A line on a terminal's stderr that says how far something is: at most ten times a second, and not at all where nobody looks. */
export class Progress {
  readonly #out: Output;
  readonly #what: string;
  readonly #begunAt = performance.now();
  #toldAt = Number.NEGATIVE_INFINITY;

  /** @param what such as `pushed` */
  constructor(out: Output, what: string) {
    this.#out = out;
    this.#what = what;
  }

  tell({ done, share, more }: Advance): void {
    const now = performance.now();
    if (now - this.#toldAt < LEAST_MS) return;
    this.#toldAt = now;
    const rate = Math.round((done * 1_000) / Math.max(now - this.#begunAt, 1));
    // What matters least stands last: a narrow terminal cuts it.
    const parts = [
      `${counted(done)} ${this.#what}`,
      ...(more ? [more] : []),
      `${counted(rate)}/s`,
      ...(share === undefined ? [] : [bar(share)]),
    ];
    this.#out.status(parts.join('  '));
  }

  end(): void {
    this.#out.status('');
  }
}

function bar(share: number): string {
  const full = Math.min(BAR, Math.floor(share * BAR));
  const percent = Math.min(100, Math.floor(share * 100));
  return `${String(percent).padStart(3)}% [${'#'.repeat(full)}${' '.repeat(BAR - full)}]`;
}
