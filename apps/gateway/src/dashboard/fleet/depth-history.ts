import type { QueueRecord } from '@goflow/sdk';

/** How deep a queue was at one time. */
export interface Depth {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly waiting: number;
  readonly active: number;
  /** Dead letters: tasks that failed for good or expired, and are kept. */
  readonly dead: number;
}

/** How far back it goes. */
export const HISTORY_MS = 15 * 60_000;
/** So many queues are remembered; of more, those that were seen first. A chart of each is some 6 kB. */
const MAX_QUEUES = 1_000;

/** How often depths are kept: a few short commands for each queue. */
const EVERY_MS = 5_000;

/** How deep queues were in the last 15 minutes, in memory: it begins with the gateway. */
export class DepthHistory {
  readonly #queues = new Map<string, Depth[]>();
  #isLooking = false;

  /** Looks at once, and from now on. @returns what ends it */
  follow(look: () => Promise<readonly QueueRecord[]>): () => void {
    void this.#remember(look);
    const timer = setInterval(() => void this.#remember(look), EVERY_MS).unref();
    return () => clearInterval(timer);
  }

  add(at: number, queues: readonly QueueRecord[]): void {
    for (const { queue, counts } of queues) {
      const { waiting, active, failed, expired } = counts;
      const depths = this.#of(queue);
      depths?.push({ at, waiting, active, dead: failed + expired });
      while (depths?.[0] && depths[0].at < at - HISTORY_MS) depths.shift();
    }
    // One that is gone is not told of any more.
    for (const [queue, depths] of this.#queues)
      if ((depths.at(-1)?.at ?? 0) < at - HISTORY_MS) this.#queues.delete(queue);
  }

  /** The oldest first. */
  of(queue: string): readonly Depth[] {
    return this.#queues.get(queue) ?? [];
  }

  /** While Redis is away there is a gap; the client says why in the log. */
  async #remember(look: () => Promise<readonly QueueRecord[]>): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      this.add(Date.now(), await look());
    } catch {
      // Looked at again in five seconds.
    } finally {
      this.#isLooking = false;
    }
  }

  #of(queue: string): Depth[] | undefined {
    const known = this.#queues.get(queue);
    if (known || this.#queues.size >= MAX_QUEUES) return known;
    const depths: Depth[] = [];
    this.#queues.set(queue, depths);
    return depths;
  }
}

/** How far back a chart of these goes: as far as they do, at least a minute. */
export const spanOf = (depths: readonly Depth[], at: number): number =>
  Math.min(HISTORY_MS, Math.max(60_000, at - (depths[0]?.at ?? at)));
