import { LockManager } from 'bullmq';

/**
 * A worker's hold on one task, and the handler's signal. An AbortController costs several microseconds and most handlers
 * never look at theirs, so it is made when it is first asked for.
 */
export class Lease {
  #controller: AbortController | undefined;
  #reason: unknown;
  isAborted = false;

  /** What BullMQ passes on to the processor as its third argument, taking this for an AbortController. */
  get signal(): this {
    return this;
  }

  get abortSignal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    if (this.isAborted) return;
    this.isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/** BullMQ's lock manager, which renews the leases of running tasks, with goflow's leases in place of abort controllers. */
export class LeaseKeeper extends LockManager {
  override trackJob(jobId: string, token: string, startedAt: number): never {
    const abortController = new Lease() as never;
    if (!this.closed) this.trackedJobs.set(jobId, { token, ts: startedAt, abortController });
    return abortController;
  }
}
