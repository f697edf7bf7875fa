import { shareAnswer } from '@goflow/http';
import type { ConcurrencyRule, QueueLoad, WorkerInfo } from '@goflow/sdk';
import type { GatewayDeps } from '../../gateway-deps.js';
import type { DepthHistory } from './depth-history.js';

/** The fleet as it is now. */
export interface FleetView {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly queues: readonly QueueLoad[];
  readonly workers: readonly WorkerInfo[];
  readonly rules: readonly ConcurrencyRule[];
}

/** So long one answer is for all. */
const LOOK_MS = 1_000;
/** Reading what ended is costly: once in five seconds is enough. */
const RATES_EVERY = 5;
/** What rates are made of: long enough to be steady, short enough to show trouble. */
const OVER = '1m';

/** Looks at the fleet, once a second at most however many people look. */
export class FleetWatch {
  readonly history: DepthHistory;
  /** @throws BROKER_UNAVAILABLE, BROKER_REFUSED */
  readonly look: () => Promise<FleetView>;
  readonly #goflow: GatewayDeps['goflow'];
  readonly #rates: () => Promise<readonly QueueLoad[]>;
  #forgottenMs = 0;

  constructor({ goflow, depths }: Pick<GatewayDeps, 'goflow' | 'depths'>) {
    this.#goflow = goflow;
    this.history = depths;
    const ask = () => goflow.fleet.rates({ over: OVER });
    this.#rates = shareAnswer(ask, () => performance.now() / RATES_EVERY);
    this.look = shareAnswer(
      () => this.#look(),
      () => performance.now() + this.#forgottenMs,
    );
  }

  /** Something was changed: who looks next sees it. */
  forget(): void {
    this.#forgottenMs += LOOK_MS;
  }

  async #look(): Promise<FleetView> {
    const { fleet, inspector } = this.#goflow;
    const [records, rates, workers, rules] = await Promise.all([
      fleet.queues(),
      this.#rates(),
      inspector.workers(),
      fleet.rules(),
    ]);
    const rated = new Map(rates.map((load) => [load.queue, load]));
    const queues = records.map((record) => {
      const { completed = 0, failed = 0, ...times } = rated.get(record.queue) ?? {};
      return { ...times, completed, failed, ...record };
    });
    return { at: Date.now(), queues, workers, rules };
  }
}
