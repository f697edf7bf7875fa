import {
  type Broker,
  type ChunkEnvelope,
  defineTasks,
  type Pushed,
  type ReplyInbox,
  type ReplyListener,
  type TaskDefinitions,
  type TaskEnvelope,
  type TaskId,
  type TaskRecord,
  type Tasks,
} from '@goflow/shared';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { createGoflow, type GoflowOptions } from './create-goflow.js';

const text = { payload: z.string(), result: z.string() };
export const tasks = defineTasks({
  plain: text,
  chunked: { ...text, chunk: 3, queue: 'many' },
  timed: { ...text, startBy: '1h', deadline: '1d', priority: 5 },
});

export const START = 1_800_000_000_000;

/** A broker that writes down what it is given, and in which nothing happens by itself. */
export class RecordingBroker implements Partial<Broker> {
  readonly clock = { now: () => START, after: () => undefined, cancel: () => undefined };
  readonly pushed: TaskEnvelope[] = [];
  readonly chunks: ChunkEnvelope[] = [];
  /** How many calls of `pushChunks` there were. */
  calls = 0;
  /** What becomes of a push, instead of going in. */
  onPush: (envelope: TaskEnvelope) => Pushed | Error | undefined = () => undefined;
  /** Of a chunk. */
  onChunk: (chunk: ChunkEnvelope) => Error | undefined = () => undefined;
  isTypeHandled = true;
  readonly records = new Map<TaskId, TaskRecord>();
  /** The ids of each `read`. */
  readonly looks: (readonly TaskId[])[] = [];
  listener: ReplyListener | undefined;

  isHandled(): boolean {
    return this.isTypeHandled;
  }

  async isHandledNow(): Promise<boolean> {
    return this.isTypeHandled;
  }

  async push(envelope: TaskEnvelope): Promise<Pushed> {
    const [outcome] = await this.pushMany([envelope]);
    if (!outcome || outcome instanceof Error) throw outcome;
    return outcome;
  }

  async pushMany(envelopes: readonly TaskEnvelope[]): Promise<(Pushed | Error)[]> {
    return envelopes.map((envelope) => {
      this.pushed.push(envelope);
      return this.onPush(envelope) ?? { id: envelope.id, deduplicated: false };
    });
  }

  async pushChunks(chunks: readonly ChunkEnvelope[]): Promise<(Error | undefined)[]> {
    this.calls += 1;
    this.chunks.push(...chunks);
    return chunks.map((chunk) => this.onChunk(chunk));
  }

  async read(ids: readonly TaskId[]): Promise<(TaskRecord | undefined)[]> {
    this.looks.push(ids);
    return ids.map((id) => this.records.get(id));
  }

  async openInbox(listener: ReplyListener): Promise<ReplyInbox> {
    this.listener = listener;
    return { address: 'here', close: async () => undefined };
  }

  async close(): Promise<void> {
    this.listener = undefined;
  }

  /** A task ends. It is told where its envelope says so. */
  end(record: TaskRecord, replyTo: string | undefined): void {
    this.records.set(record.id, record);
    if (replyTo !== undefined) setImmediate(() => this.listener?.reply(record));
  }

  /** The payloads of each chunk. */
  get payloads(): unknown[][] {
    return this.chunks.map(({ payloadsJson }) => payloadsJson.map((json) => JSON.parse(json)));
  }
}

/** A client of such a broker, closed when the test ends. */
export function open<D extends TaskDefinitions = (typeof tasks)['definitions']>(
  options: Partial<GoflowOptions<D>> = {},
) {
  const broker = new RecordingBroker();
  const goflow = createGoflow<D>({
    tasks: tasks as unknown as Tasks<D>,
    ...options,
    broker: broker as unknown as Broker,
  });
  onTestFinished(() => goflow.close());
  return { goflow, broker };
}

export const completed = (id: TaskId, result: unknown = 'done'): TaskRecord => ({
  id,
  type: 'plain',
  state: 'completed',
  attempts: 1,
  pushedAt: START,
  startedAt: START,
  finishedAt: START,
  result,
});
