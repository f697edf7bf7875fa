import { shareAnswer } from '@goflow/http';
import type { ConcurrencyRule, QueueLoad, WorkerInfo } from '@goflow/sdk';
import type { GatewayDeps } from '../../gateway-deps.js';
import { DepthHistory } from './depth-history.js';

/** The fleet as it is now. */
export interface FleetView {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly queues: readonly QueueLoad[];
  readonly workers: readonly WorkerInfo[];
  readonly rules: readonly ConcurrencyRule[];
}

/** Reading what ended is costly: once in five seconds is enough. */
const RATES_EVERY = 5;
/** How often depths are kept: a few short commands for each queue. */
const EVERY_MS = 5_000;
/** What rates are made of: long enough to be steady, short enough to show trouble. */
const OVER = '1m';

/** Looks at the fleet, once a second at most however many people look, and remembers how deep its queues were. */
export class FleetWatch {
  readonly history = new DepthHistory();
  /** @throws BROKER_UNAVAILABLE, BROKER_REFUSED */
  readonly look: () => Promise<FleetView>;
  readonly #goflow: GatewayDeps['goflow'];
  readonly #rates: () => Promise<readonly QueueLoad[]>;
  #isLooking = false;

  /** Begins at once, and ends when the gateway stops. */
  constructor({ goflow, atStop }: Pick<GatewayDeps, 'goflow' | 'atStop'>) {
    this.#goflow = goflow;
    const ask = () => goflow.fleet.rates({ over: OVER });
    this.#rates = shareAnswer(ask, () => performance.now() / RATES_EVERY);
    this.look = shareAnswer(() => this.#look());
    void this.#remember();
    const timer = setInterval(() => void this.#remember(), EVERY_MS).unref();
    atStop(() => clearInterval(timer));
  }

  async #look(): Promise<FleetView> {
    const { fleet, inspector } = this.#goflow;
    const [records, rates, workers, rules] = await Promise.all([
      fleet.queues(),
      this.#rates(),
      inspector.workers(),
      fleet.rules(),
    ]);
    const queues = records.map((record) => {
      const {
        completed = 0,
        failed = 0,
        ...times
      } = rates.find(({ queue }) => queue === record.queue) ?? {};
      return { ...times, completed, failed, ...record };
    });
    return { at: Date.now(), queues, workers, rules };
  }

  /** While Redis is away there is a gap; the client says why in the log. */
  async #remember(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      this.history.add(Date.now(), await this.#goflow.fleet.queues());
    } catch {
      // Looked at again in five seconds.
    } finally {
      this.#isLooking = false;
    }
  }
}
