import type { Administered, InspectorBroker, PageQuestion, TaskId, TaskPage } from '@goflow/shared';
import { pageTasks } from './page-tasks.js';
import { discardTask, redriveTask } from './redrive.js';
import type { QueueConnection } from './script.js';

/** What a {@link BullMqInspector} is made of. */
export interface BullMqInspectorOptions extends QueueConnection {
  /** Makes a call end in time, or fail as BROKER_UNAVAILABLE. */
  within<T>(command: () => Promise<T>): Promise<T>;
}

/** What an administrator needs of the tasks in Redis. Who works on them is told elsewhere. */
export class BullMqInspector implements Omit<InspectorBroker, 'workers'> {
  readonly #options: BullMqInspectorOptions;

  constructor(options: BullMqInspectorOptions) {
    this.#options = options;
  }

  page(question: PageQuestion): Promise<TaskPage> {
    return this.#options.within(() => pageTasks(this.#options, question));
  }

  redrive(id: TaskId, payloadJson?: string, envelopeVersion?: number): Promise<Administered> {
    const payload = payloadJson === undefined ? undefined : { payloadJson, envelopeVersion };
    return this.#options.within(() => redriveTask(this.#options, id, payload));
  }

  discard(id: TaskId): Promise<Administered> {
    return this.#options.within(() => discardTask(this.#options, id));
  }
}
