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

/** Of a lease: a renewal is asked for before half of it is over, so one that was not answered for so long is too late. */
const HOPELESS = 3 / 4;

/**
 * BullMQ's lock manager, which renews the leases of running tasks, with goflow's leases in place of abort controllers. It goes by a clock
 * that nobody sets: by that of the machine, one that is behind Redis's, or is set back, would renew nothing.
 */
export class LeaseKeeper extends LockManager {
  override start(): void {
    clearTimeout(this.lockRenewalTimer);
    if (this.closed) return;
    this.lockRenewalTimer = setTimeout(() => void this.#renew(), this.opts.lockRenewTime / 2);
  }

  override trackJob(jobId: string, token: string): never {
    const abortController = new Lease() as never;
    if (!this.closed)
      this.trackedJobs.set(jobId, { token, ts: performance.now(), abortController });
    return abortController;
  }

  /** Without an answer of Redis the clock says that the leases are over: their tasks may run elsewhere by now. */
  protected override async extendLocks(jobIds: string[]): Promise<void> {
    let isAnswered = false;
    // Of all: nothing else is renewed until this is answered.
    const giveUp = (): void => {
      if (!isAnswered) this.worker.emit('lockRenewalFailed', this.getTrackedJobIds());
    };
    // After a blocked event loop the answer may lie there unread.
    const timer = setTimeout(() => setImmediate(giveUp), this.opts.lockDuration * HOPELESS);
    await super.extendLocks(jobIds);
    isAnswered = true;
    clearTimeout(timer);
  }

  async #renew(): Promise<void> {
    const now = performance.now();
    const due: string[] = [];
    for (const [id, job] of this.trackedJobs) {
      if (job.ts + this.opts.lockRenewTime / 2 > now) continue;
      job.ts = now;
      due.push(id);
    }
    if (due.length > 0) await this.extendLocks(due);
    this.start();
  }
}
