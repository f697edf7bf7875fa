import { bareCause, troubleOf } from './redis-reply-error.js';

const QUIET_MS = 10_000;
const MAX_KINDS = 100;
/** What BullMQ calls a task. */
const TASK = /[\w-]{22}(?:\.\d+)?/g;

/**
 * Passes on the first of many like troubles, then one every ten seconds with the number of those held back: an outage is a
 * few lines, not a flood.
 */
export class TroubleLog {
  readonly #tell: (error: Error, repeated: number) => void;
  readonly #kinds = new Map<string, { toldAt: number; held: number }>();

  constructor(tell: (error: Error, repeated: number) => void) {
    this.#tell = tell;
  }

  report(error: unknown): void {
    const trouble = bareCause(error);
    const kind = this.#kindOf(trouble);
    const now = performance.now();
    const seen = this.#kinds.get(kind);
    if (seen && now - seen.toldAt < QUIET_MS) {
      seen.held += 1;
      return;
    }
    if (this.#kinds.size >= MAX_KINDS) this.#kinds.clear();
    this.#kinds.set(kind, { toldAt: now, held: 0 });
    this.#tell(trouble, seen?.held ?? 0);
  }

  #kindOf(error: Error): string {
    const trouble = troubleOf(error);
    if (trouble.kind === 'transient' || trouble.kind === 'refused') return trouble.word;
    if (trouble.kind === 'disconnected') return 'disconnected';
    // The same trouble with many tasks is one trouble.
    return `${error.name}:${error.message.replace(TASK, '…').slice(0, 40)}`;
  }
}
