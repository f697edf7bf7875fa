import { randomUUID } from 'node:crypto';
import type { DataLoss } from '@goflow/shared';

/**
 * Lua that reads the mark of this Redis's data into `epoch`, and sets it where there is none: false where that is refused, on a replica or
 * without memory. Give it the key and the mark to set.
 */
export const readEpoch = (key: string, mark: string): string => `
local epoch = redis.call('GET', ${key})
if not epoch then
  redis.pcall('SET', ${key}, ${mark}, 'NX')
  epoch = redis.call('GET', ${key})
end`;

/**
 * Remembers the mark that lies with the data in Redis. Whoever comes first sets it, once; another one there later means that the data are
 * gone: flushed, or restarted without a disk. What came back from an old copy has its old mark, and is not noticed.
 */
export class Epoch {
  readonly #onDataLost: ((loss: DataLoss) => void) | undefined;
  #known: string | undefined;

  constructor(onDataLost: ((loss: DataLoss) => void) | undefined) {
    this.#onDataLost = onDataLost;
  }

  /** What to set where nothing is set. Another each time: after a loss the same process may be the first again. */
  newMark(): string {
    return randomUUID();
  }

  /** Takes what was found. */
  observe(found: string | null): void {
    const before = this.#known;
    if (found === null || found === before) return;
    this.#known = found;
    if (before !== undefined) this.#onDataLost?.({ before, now: found });
  }
}
