import type { DigestClient } from './collect.js';

/** What digests: workers, and the client that pushes to them. Disposing of it ends them all, and leaves no key behind. */
export interface Deployment extends AsyncDisposable {
  readonly mode: 'Redis' | 'local mode';
  /** Where the tasks are, in one line; in local mode also why. */
  readonly place: string;
  readonly workers: readonly DigestWorker[];
  readonly goflow: DigestClient;
  /** Rejects when a worker ends that nobody stopped. */
  readonly broken: Promise<never>;
}

/** One process that digests. */
export interface DigestWorker {
  readonly pid: number;
  /** Where it serves metrics, health and live concurrency. */
  readonly url: string;
}
