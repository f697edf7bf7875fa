import {
  type Broker,
  canBeHeldUp,
  type FleetNow,
  heldUpBy,
  parseTaskId,
  type TaskRecord,
} from '@goflow/shared';

/** The longest that a look at the fleet may hold up the error that it is for. */
const PATIENCE_MS = 500;

/** Says of tasks that were waited for in vain what holds them up. Those that ask while one looks at the fleet share that look. */
export class LateCause {
  readonly #broker: Broker;
  #looking: Promise<FleetNow> | undefined;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** `undefined` where nothing holds it up, and where that could not be found out soon: it is a hint only. */
  async of({ id, type, state: status }: TaskRecord): Promise<string | undefined> {
    const { queue } = parseTaskId(id) ?? {};
    if (queue === undefined || !canBeHeldUp({ status })) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
    });
    const looking = this.#fleet().catch(() => undefined);
    const fleet = await Promise.race([looking, late]);
    clearTimeout(timer);
    return fleet && heldUpBy({ type, queue, status }, fleet);
  }

  #fleet(): Promise<FleetNow> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<FleetNow> {
    const { inspector, fleet } = this.#broker;
    const [workers, queues] = await Promise.all([inspector.workers(), fleet.queues()]);
    return { workers, queues };
  }
}
