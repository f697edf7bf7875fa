import type { ReplyInbox, ReplyListener, TaskId, TaskNews, Watching } from '@goflow/shared';
import type { StoredTask } from './stored-task.js';
import { toRecord } from './task-answers.js';
import { copyLines } from './task-log.js';

/** Who watches a task. */
export type Watcher = Parameters<typeof Announcements.prototype.watch>[1];

/**
 * Tells clients of outcomes and of news, each after it is recorded, in this order, and never within the call that it comes from: what a
 * listener does is not the worker's business.
 */
export class Announcements {
  readonly #inboxes = new Map<string, ReplyListener>();
  readonly #watchers = new Map<TaskId, Set<{ news(news: TaskNews): void }>>();
  #opened = 0;

  openInbox(listener: ReplyListener): ReplyInbox {
    this.#opened += 1;
    const address = `memory-${this.#opened}`;
    this.#inboxes.set(address, listener);
    const close = async (): Promise<void> => {
      this.#inboxes.delete(address);
    };
    return { address, close };
  }

  watch(id: TaskId, listener: { news(news: TaskNews): void }): Watching {
    const watchers = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, watchers);
    // The same listener may watch twice.
    const watcher = { news: (news: TaskNews) => listener.news(news) };
    watchers.add(watcher);
    const close = async (): Promise<void> => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#watchers.get(id) === watchers) this.#watchers.delete(id);
    };
    return { close };
  }

  /** A task has its outcome. */
  finished(task: StoredTask): void {
    const address = task.envelope.replyTo;
    if (address === undefined || !this.#inboxes.has(address)) return;
    const record = toRecord(task);
    queueMicrotask(() => this.#inboxes.get(address)?.reply(record));
  }

  /** A running task has news. */
  news(id: TaskId, { progressJson, log }: TaskNews): void {
    for (const watcher of this.#watchers.get(id) ?? []) {
      const copy = { progressJson, log: log && copyLines(log) };
      queueMicrotask(() => {
        if (this.#watchers.get(id)?.has(watcher)) watcher.news(copy);
      });
    }
  }
}
