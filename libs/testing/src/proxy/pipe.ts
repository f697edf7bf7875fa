import type { Socket } from 'node:net';
import type { Faults } from './faults.js';

/** More than this under way, in bytes, and the sender is not read from. */
const HIGH_WATER = 256 * 1024;
/** A throttled pipe writes this many times a second. */
const PIECES_PER_SECOND = 20;

interface Load {
  readonly bytes: Buffer | undefined;
  readonly dueMs: number;
  /** Run when the bytes were written. */
  readonly after: (() => void) | undefined;
}

/** The two ends of a pipe. */
export interface PipeEnds {
  readonly from: Socket;
  readonly to: Socket;
}

/** One way of a connection: carries bytes in their order, as late, as slowly and in such pieces as the faults say. */
export class Pipe {
  readonly #ends: PipeEnds;
  readonly #faults: Faults;
  readonly #onWritten: (bytes: number) => void;
  readonly #closing = new AbortController();
  #queue: Load[] = [];
  #size = 0;
  #lastDueMs = 0;
  #isRunning = false;

  constructor(ends: PipeEnds, faults: Faults, onWritten: (bytes: number) => void) {
    this.#ends = ends;
    this.#faults = faults;
    this.#onWritten = onWritten;
  }

  /** Bytes to be carried. */
  send(bytes: Buffer): void {
    this.#size += bytes.length;
    if (this.#size > HIGH_WATER) this.#ends.from.pause();
    this.#add(bytes, undefined);
  }

  /** Runs `action` once all that was sent before has been written. */
  afterAll(action: () => void): void {
    this.#add(undefined, action);
  }

  /** Forgets what is under way. */
  close(): void {
    this.#closing.abort();
    this.#queue = [];
  }

  #add(bytes: Buffer | undefined, after: (() => void) | undefined): void {
    if (this.#closing.signal.aborted) return;
    // Bytes do not overtake each other.
    this.#lastDueMs = Math.max(performance.now() + this.#faults.nextDelayMs(), this.#lastDueMs);
    this.#queue.push({ bytes, after, dueMs: this.#lastDueMs });
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let load = this.#queue.shift(); load !== undefined; load = this.#queue.shift()) {
      await this.#waitUntil(load.dueMs);
      if (load.bytes !== undefined) await this.#carry(load.bytes);
      if (this.#closing.signal.aborted) break;
      load.after?.();
    }
    this.#isRunning = false;
  }

  async #carry(bytes: Buffer): Promise<void> {
    let at = 0;
    while (at < bytes.length && !this.#closing.signal.aborted) {
      const piece = bytes.subarray(at, at + this.#pieceSize());
      await this.#write(piece);
      at += piece.length;
      await this.#rest(piece.length);
    }
    this.#size -= bytes.length;
    if (this.#size <= HIGH_WATER) this.#ends.from.resume();
  }

  #pieceSize(): number {
    if (this.#faults.splitting) return 1;
    return Math.max(Math.floor(this.#faults.bytesPerSecond / PIECES_PER_SECOND), 1);
  }

  /** What comes between two pieces. */
  async #rest(written: number): Promise<void> {
    const { bytesPerSecond, splitting } = this.#faults;
    if (Number.isFinite(bytesPerSecond))
      await this.#waitUntil(performance.now() + (written / bytesPerSecond) * 1_000);
    // Gives the reader the time to take this byte before the next one comes.
    else if (splitting) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Ends when the system has taken the bytes, or the socket is gone. */
  #write(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#ends.to.write(bytes, (error) => {
        if (!error) this.#onWritten(bytes.length);
        resolve();
      });
    });
  }

  #waitUntil(dueMs: number): Promise<void> | undefined {
    const { signal } = this.#closing;
    const left = dueMs - performance.now();
    if (left <= 0 || signal.aborted) return undefined;
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, left);
      signal.addEventListener('abort', end);
    });
  }
}
