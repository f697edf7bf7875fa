import { hostname, userInfo } from 'node:os';
import {
  type AuditRecord,
  type Broker,
  bySpecificity,
  type ConcurrencyRule,
  type ConcurrencyScope,
  checkInteger,
  checkLabels,
  checkQueueName,
  type Duration,
  type FleetBroker,
  type FleetChange,
  invalidOption,
  MAX_CONCURRENCY,
  type QueueRecord,
  type QueuesOptions,
  toMs,
} from '@goflow/shared';
import { checkOptions } from '../inspector/check-options.js';
import type { ChangeOptions, GoflowFleet } from './goflow-fleet.js';
import { type QueueLoad, readRates } from './read-rates.js';

const MAX_BY = 200;
/** So many are kept: 1,000 of the fleet, and 1,000 of workers by themselves. */
const MAX_AUDIT = 2_000;
const DEFAULT_AUDIT = 100;
const OVER = { minMs: 500, maxMs: 3_600_000 };
const SCOPE = ['queue', 'labels', 'by'];
/** Also those that Unicode has beside ASCII's: a name is printed in terminals. */
const CONTROL = /\p{Cc}|\p{Cf}|\p{Cs}|\u2028|\u2029/u;

/** Steers all workers. {@link GoflowFleet} tells what each method does. */
export class FleetControl implements GoflowFleet {
  readonly #broker: Broker;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  async setConcurrency(
    concurrency: number,
    options: ConcurrencyScope & ChangeOptions = {},
  ): Promise<FleetChange> {
    checkInteger('concurrency', concurrency, [0, MAX_CONCURRENCY]);
    checkOptions(options, SCOPE);
    return this.#fleet.setRule(scopeOf(options), concurrency, byOf(options));
  }

  async resetConcurrency(options: ConcurrencyScope & ChangeOptions = {}): Promise<FleetChange> {
    checkOptions(options, SCOPE);
    return this.#fleet.setRule(scopeOf(options), undefined, byOf(options));
  }

  async rules(): Promise<readonly ConcurrencyRule[]> {
    return [...(await this.#fleet.rules())].sort(bySpecificity);
  }

  async pause(queue: string, options: ChangeOptions = {}): Promise<FleetChange> {
    checkOptions(options, ['by']);
    return this.#fleet.pause(checkQueueName('queue', queue), byOf(options));
  }

  async resume(queue: string, options: ChangeOptions = {}): Promise<FleetChange> {
    checkOptions(options, ['by']);
    return this.#fleet.resume(checkQueueName('queue', queue), byOf(options));
  }

  async queues(options: QueuesOptions = {}): Promise<readonly QueueRecord[]> {
    checkOptions(options, ['search']);
    const { search = false } = options;
    if (typeof search !== 'boolean') throw invalidOption('search', 'true or false', search);
    return this.#fleet.queues({ search });
  }

  async rates(
    options: { readonly over?: Duration | undefined } = {},
  ): Promise<readonly QueueLoad[]> {
    checkOptions(options, ['over']);
    return readRates(this.#broker, toMs('over', options.over ?? '1m', OVER));
  }

  async audit(
    options: { readonly limit?: number | undefined } = {},
  ): Promise<readonly AuditRecord[]> {
    checkOptions(options, ['limit']);
    const { limit = DEFAULT_AUDIT } = options;
    return this.#fleet.audit(checkInteger('limit', limit, [1, MAX_AUDIT]));
  }

  get #fleet(): FleetBroker {
    return this.#broker.fleet;
  }
}

function scopeOf({ queue, labels }: ConcurrencyScope): ConcurrencyScope {
  return {
    ...(queue !== undefined && { queue: checkQueueName('queue', queue) }),
    ...(labels !== undefined && { labels: checkLabels('labels', labels) }),
  };
}

function byOf({ by = thisUser() }: ChangeOptions): string {
  const isText = typeof by === 'string' && by.length > 0 && by.length <= MAX_BY;
  if (isText && !CONTROL.test(by)) return by;
  throw invalidOption('by', `1 to ${MAX_BY} characters, none of them a control character`, by);
}

function thisUser(): string {
  return `${userName()}@${hostname()}`.slice(0, MAX_BY);
}

/** In a container the user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? '?'}`;
  }
}
