import type { Broker, TaskDetail, TaskRecord, Tasks } from '@goflow/shared';

/** What inspecting needs. */
export interface InspectorDeps {
  readonly broker: Pick<Broker, 'inspector' | 'detail' | 'counts' | 'clock'>;
  readonly tasks: Tasks;
  /** True for a task that is past its retention, and only not swept yet. */
  readonly isOver: (record: TaskRecord) => boolean;
  /** A task as it counts now: ended, when its time is over; `undefined` when its retention is. */
  readonly current: (task: TaskDetail | undefined) => TaskDetail | undefined;
  /** The largest payload in bytes of JSON that a redrive may put in. @default 1,048,576 (1 MiB) */
  readonly payloadLimit?: number | undefined;
}
