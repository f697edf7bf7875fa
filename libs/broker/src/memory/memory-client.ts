import {
  type Broker,
  type Cancelled,
  type ChunkEnvelope,
  type Clock,
  checkQueueName,
  type FleetBroker,
  GoflowError,
  type InspectorBroker,
  newTaskId,
  type Pushed,
  type QueueCounts,
  type ReplyInbox,
  type ReplyListener,
  type RetentionOptions,
  resolveRetention,
  TASK_STATES,
  type TaskDetail,
  type TaskEnvelope,
  type TaskId,
  type TaskNews,
  type TaskRecord,
  type Watching,
} from '@goflow/shared';
import { cancelTask } from './end-task.js';
import { MemoryExporter } from './memory-exporter.js';
import { MemoryFleet } from './memory-fleet.js';
import { MemoryInspector } from './memory-inspector.js';
import { pushChunk, pushTask } from './push-task.js';
import { FUNCTION_TYPE } from './run-work.js';
import type { Work } from './stored-task.js';
import { toDetail, toRecord } from './task-answers.js';
import type { TaskStore } from './task-store.js';

const NO_TASKS = Object.freeze(
  Object.fromEntries(TASK_STATES.map((state) => [state, 0])),
) as QueueCounts;

/** The clients' side of a memory broker. */
export class MemoryClient implements Broker {
  readonly clock: Clock;
  readonly inspector: InspectorBroker;
  readonly fleet: FleetBroker;
  readonly exporter: MemoryExporter;
  readonly #store: TaskStore;
  /** Inboxes and watches that are open. */
  readonly #open = new Set<{ close(): Promise<void> }>();
  #isClosed = false;

  constructor(store: TaskStore) {
    this.#store = store;
    this.exporter = new MemoryExporter(store);
    this.clock = store.clock;
    this.inspector = new MemoryInspector(() => this.#use());
    this.fleet = new MemoryFleet(() => this.#use());
    store.enter();
  }

  isHandled(type: string): boolean {
    return this.#store.workers.isHandled(type);
  }

  async isHandledNow(type: string): Promise<boolean> {
    return this.#use().workers.isHandledNow(type);
  }

  async push(envelope: TaskEnvelope): Promise<Pushed> {
    return pushTask(this.#use(), envelope);
  }

  async pushMany(envelopes: readonly TaskEnvelope[]): Promise<readonly (Pushed | Error)[]> {
    const store = this.#use();
    return envelopes.map((envelope) => {
      try {
        return pushTask(store, envelope);
      } catch (error) {
        return error as Error;
      }
    });
  }

  async pushChunks(chunks: readonly ChunkEnvelope[]): Promise<readonly undefined[]> {
    const store = this.#use();
    for (const chunk of chunks) pushChunk(store, chunk);
    return chunks.map(() => undefined);
  }

  /** Queues a function of this process. @throws OPTION_INVALID, CLIENT_CLOSED */
  run(queue: string, work: Work, given?: RetentionOptions): TaskId {
    const retention = given && resolveRetention(given);
    const store = this.#use();
    const id = newTaskId<typeof FUNCTION_TYPE>(checkQueueName('queue', queue));
    const pushedAt = store.clock.now();
    const envelope = { id, queue, type: FUNCTION_TYPE, payloadJson: 'null', pushedAt };
    store.add(retention ? { ...envelope, retention } : envelope, work);
    return id;
  }

  async read(ids: readonly TaskId[]): Promise<readonly (TaskRecord | undefined)[]> {
    const store = this.#use();
    return ids.map((id) => {
      const task = store.find(id);
      return task && toRecord(task);
    });
  }

  async detail(id: TaskId): Promise<TaskDetail | undefined> {
    const task = this.#use().find(id);
    return task && toDetail(task);
  }

  async cancel(id: TaskId, reason: string): Promise<Cancelled> {
    return cancelTask(this.#use(), id, reason);
  }

  async watch(id: TaskId, listener: { news(news: TaskNews): void }): Promise<Watching> {
    return this.#opened(this.#use().announcements.watch(id, listener));
  }

  async openInbox(listener: ReplyListener): Promise<ReplyInbox> {
    return this.#opened(this.#use().announcements.openInbox(listener));
  }

  async counts(queue: string): Promise<QueueCounts> {
    return this.#use().queue(queue)?.counts ?? NO_TASKS;
  }

  async depth(queue: string): Promise<number> {
    const { waiting, delayed } = await this.counts(queue);
    return waiting + delayed;
  }

  async ping(): Promise<void> {
    this.#use();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all([...this.#open].map((one) => one.close()));
    this.#store.leave();
  }

  #use(): TaskStore {
    if (this.#isClosed) throw new GoflowError('CLIENT_CLOSED', 'the client is closed');
    return this.#store;
  }

  /** Is closed with the client, if not before. */
  #opened<Opened extends { close(): Promise<void> }>(opened: Opened): Opened {
    this.#open.add(opened);
    const close = (): Promise<void> => {
      this.#open.delete(opened);
      return opened.close();
    };
    return { ...opened, close };
  }
}
