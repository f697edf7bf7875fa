import type { Figure, Measurement } from '../scenario.js';
import { type Round, type Summary, summarise } from './summary.js';

export const RATE: Figure = {
  key: 'rate',
  title: 'push <fast> & far',
  unit: 'tasks/s',
  reach: { of: 'ratio', is: '>=', than: 1.25 },
};

export const TIME: Figure = {
  key: 'p99',
  title: 'wait, p99',
  unit: 'ms',
  reach: { of: 'ratio', is: '<', than: 1 },
};

export const SCALE: Figure = {
  key: 'of 8',
  title: 'scale out, 8',
  unit: 'x',
  reach: { of: 'itself', is: '>=', than: 0.95 },
};

export const LIMIT: Figure = {
  key: 'import',
  title: 'import',
  unit: 'ms',
  reach: { of: 'limit', is: '<=', than: 150 },
};

/** A round that measured goflow and raw BullMQ. */
export function round(goflow: Measurement['values'], bullmq?: Measurement['values']): Round {
  return { goflow: { values: goflow }, ...(bullmq && { bullmq: { values: bullmq } }) };
}

/** The summary of a scenario named `name`. */
export function summaryOf(figures: readonly Figure[], rounds: readonly Round[]): Summary {
  return summarise({ name: 'name', figures, rounds });
}
