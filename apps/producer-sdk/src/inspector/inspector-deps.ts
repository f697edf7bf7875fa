import type { Broker, Cipher, TaskDetail, TaskRecord, Tasks } from '@goflow/shared';
import type { SealOptions } from '../seal.js';
import type { Places } from './filter.js';

/** What inspecting needs; also of a payload that a redrive puts in. */
export interface InspectorDeps extends SealOptions {
  readonly broker: Pick<Broker, 'inspector' | 'detail' | 'counts' | 'clock'>;
  readonly tasks: Tasks;
  /** Queues that are looked into beside those of the contracts. @default none */
  readonly queues?: readonly string[] | undefined;
  /** Reads what is encrypted, and encrypts the payload of a redrive where it writes. */
  readonly cipher?: Cipher | undefined;
  /** True for a task that is past its retention, and only not swept yet. */
  readonly isOver: (record: TaskRecord) => boolean;
  /** A task as it counts now: ended, when its time is over; `undefined` when its retention is. */
  readonly current: (task: TaskDetail | undefined) => TaskDetail | undefined;
}

/** Where an inspector looks. */
export const placesOf = ({ tasks, queues }: InspectorDeps): Places => ({
  contracts: tasks.contracts,
  queues,
});
