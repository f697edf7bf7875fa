import type { WorkerEventSource } from '@goflow/shared';

/** Whether a worker could take a task now, and if not, why. */
export interface Readiness {
  readonly ready: boolean;
  readonly reason?: string;
  /** What Redis refused, or how it could not be reached, of late: not there while it is ready. */
  readonly trouble?: string;
}

/** Troubles that go on are told this often: one that is older than the last time that all was well was over by then. */
const TOLD_EVERY_MS = 10_000;
const MAX_LENGTH = 500;

/** Remembers the last trouble with Redis, for who asks why a worker is not ready. */
export class LastTrouble {
  #message: string | undefined;
  #at = 0;
  #readyAt = Number.NEGATIVE_INFINITY;

  constructor(events: WorkerEventSource) {
    events.on('broker:trouble', ({ error }) => {
      this.#message = error.message;
      this.#at = performance.now();
    });
  }

  /** The same with the trouble beside it, where it is not ready and there was one. */
  beside(readiness: Readiness): Readiness {
    if (readiness.ready) {
      this.#readyAt = performance.now();
      return readiness;
    }
    if (!this.#message || this.#at < this.#readyAt - TOLD_EVERY_MS) return readiness;
    return { ...readiness, trouble: withoutLogin(this.#message).slice(0, MAX_LENGTH) };
  }
}

/** No message of goflow's has a URL with a password; but who asks here may be anybody. */
const withoutLogin = (message: string): string => message.replace(/\/\/[^/\s]*@/g, '//…@');
