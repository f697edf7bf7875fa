import type { Outcome } from './collect.js';

/** The check reads whole files. */
const LARGEST_SAMPLE_BYTES = 64 * 1024 * 1024;

/** What is remembered of all outcomes: sums, a sample, and the failures. */
export class Report {
  done = 0;
  bytes = 0;
  lines = 0;
  /** Tasks by worker process. */
  readonly shares = new Map<number, number>();
  readonly failures: Outcome[] = [];
  /** Every file of a size that can be checked had the same chance to be in it. */
  readonly sample: Outcome[] = [];
  readonly #sampleSize: number;
  #candidates = 0;

  constructor(sampleSize: number) {
    this.#sampleSize = sampleSize;
  }

  add(outcome: Outcome): void {
    this.done += 1;
    const { digest } = outcome;
    if (!digest) {
      this.failures.push(outcome);
      return;
    }
    this.bytes += digest.bytes;
    this.lines += digest.lines;
    this.shares.set(digest.worker, (this.shares.get(digest.worker) ?? 0) + 1);
    if (digest.bytes <= LARGEST_SAMPLE_BYTES) this.#draw(outcome);
  }

  /** Reservoir sampling: the size of the whole need not be known. */
  #draw(outcome: Outcome): void {
    this.#candidates += 1;
    if (this.sample.length < this.#sampleSize) {
      this.sample.push(outcome);
      return;
    }
    const at = Math.floor(Math.random() * this.#candidates);
    if (at < this.#sampleSize) this.sample[at] = outcome;
  }
}

/** 12345 → '12,345'. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Bytes in the unit that reads best. */
export function size(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
