import {
  type Administered,
  type InspectorBroker,
  isFinal,
  type PageQuestion,
  type TaskDetail,
  type TaskEnvelope,
  type TaskId,
  type TaskPage,
  type WorkerRecord,
} from '@goflow/shared';
import { listedTimeOf } from './memory-queue.js';
import type { StoredTask } from './stored-task.js';
import { toListed } from './task-answers.js';
import { fromCursor, toCursor } from './task-cursor.js';
import type { TaskStore } from './task-store.js';

/** A page looks at no more tasks than this, however few of them have the tag. */
const MAX_LOOKED_AT = 10_000;

/** Administers the tasks of a memory broker. */
export class MemoryInspector implements InspectorBroker {
  readonly #use: () => TaskStore;

  /** `use` gives the store, or throws when the client is closed. */
  constructor(use: () => TaskStore) {
    this.#use = use;
  }

  async page(question: PageQuestion): Promise<TaskPage> {
    return pageOf(this.#use(), question);
  }

  async redrive(id: TaskId, payloadJson?: string, envelopeVersion?: number): Promise<Administered> {
    const store = this.#use();
    const task = store.find(id);
    if (!task) return { found: 'unknown', done: false };
    const found = task.state;
    if (!isFinal(found) || found === 'completed') return { found, done: false };
    store.unkeep(task);
    const payload = payloadJson === undefined ? {} : { payloadJson, envelopeVersion };
    task.envelope = { ...withoutTimes(task.envelope), ...payload };
    task.attempts = 0;
    task.history = undefined;
    task.progressJson = undefined;
    task.failureJson = undefined;
    store.openQueue(task.queue).wait(task);
    return { found, done: true };
  }

  async discard(id: TaskId): Promise<Administered> {
    const store = this.#use();
    const task = store.find(id);
    if (!task) return { found: 'unknown', done: false };
    const found = task.state;
    if (!isFinal(found)) return { found, done: false };
    store.remove(task);
    store.deduplication.forget(task);
    return { found, done: true };
  }

  async workers(): Promise<readonly WorkerRecord[]> {
    return structuredClone(this.#use().workers.records());
  }
}

function pageOf(store: TaskStore, question: PageQuestion): TaskPage {
  const { queue, state, since = Number.NEGATIVE_INFINITY, after, limit } = question;
  const key = after === undefined ? undefined : fromCursor(after, question);
  const tasks: TaskDetail[] = [];
  let lookedAt = 0;
  let last: StoredTask | undefined;
  for (const task of store.queue(queue)?.newestOf(state, key) ?? []) {
    if (listedTimeOf(task) < since) break;
    if (last && (tasks.length === limit || lookedAt === MAX_LOOKED_AT))
      return { tasks, next: toCursor(question, listedTimeOf(last), last.sequence) };
    if (isAskedFor(store, task, question)) tasks.push(toListed(task));
    lookedAt += 1;
    last = task;
  }
  return { tasks, next: undefined };
}

function isAskedFor(store: TaskStore, task: StoredTask, { tag }: PageQuestion): boolean {
  if (tag !== undefined && !task.envelope.tags?.includes(tag)) return false;
  return !store.isOver(task);
}

/** It is not late for what was said when it was pushed. */
function withoutTimes(envelope: TaskEnvelope): TaskEnvelope {
  const { startBy: _startBy, deadline: _deadline, ...rest } = envelope;
  return rest;
}
