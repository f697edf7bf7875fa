import { LockManager } from 'bullmq';

/**
 * A worker's hold on one task, and the handler's signal. An AbortController costs several microseconds and most handlers
 * never look at theirs, so it is made when it is first asked for.
 */
export class Lease {
  #controller: AbortController | undefined;
  #reason: unknown;
  isAborted = false;

  get signal(): AbortSignal {
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

/** What BullMQ takes for an AbortController: it passes `signal` on to the processor and calls `abort`. */
class LeaseController {
  readonly signal = new Lease();

  abort(reason: unknown): void {
    this.signal.abort(reason);
  }
}

/** BullMQ's lock manager, which renews the leases of running tasks, with goflow's leases in place of abort controllers. */
export class LeaseKeeper extends LockManager {
  override trackJob(jobId: string, token: string, startedAt: number): never {
    const abortController = new LeaseController() as never;
    if (!this.closed) this.trackedJobs.set(jobId, { token, ts: startedAt, abortController });
    return abortController;
  }
}
