import type { MeasuredClient } from '../systems/system.js';

/** Tasks that are pushed all at once, again and again. */
export interface Waves {
  readonly waves: number;
  /** Pushes in flight. */
  readonly size: number;
}

/** Pushes wave after wave, each when the one before is in Redis. Gives the milliseconds that it took. */
export async function pushWaves(client: MeasuredClient, { waves, size }: Waves): Promise<number> {
  const startedAt = performance.now();
  for (let wave = 0; wave < waves; wave += 1) {
    const pushes: Promise<unknown>[] = [];
    for (let n = 0; n < size; n += 1) pushes.push(client.push(wave * size + n));
    await Promise.all(pushes);
  }
  return performance.now() - startedAt;
}
