import { type Broker, newTaskId, type TaskEnvelope } from '@goflow/shared';
import type { SentChunk } from '../chunk-sender.js';
import type { PushResult, TaskSender } from '../task-sender.js';
import type { ResolvedBounds } from './bound-options.js';
import { type MayWait, QueueRoom } from './queue-room.js';

/** What {@link QueueRooms} need. */
export interface QueueRoomsOptions extends Pick<ResolvedBounds, 'waitsWhenFull'> {
  readonly maxDepths: ReadonlyMap<string, number>;
  readonly broker: Pick<Broker, 'depth'>;
  /** How long a push waits for room, where it does. */
  readonly timeoutMs: number;
}

/** What sends many tasks, or forgets those that are not sent. */
type SendTasks = Pick<TaskSender, 'sendAll' | 'drop'>;

/** Payloads as JSON, those of one chunk together. */
type Chunks = readonly (readonly string[])[];

/** The queues of a client that may not grow without limit. */
export class QueueRooms {
  readonly #rooms: ReadonlyMap<string, QueueRoom>;
  readonly #waitsWhenFull: boolean;
  readonly #timeoutMs: number;

  constructor({ maxDepths, broker, waitsWhenFull, timeoutMs }: QueueRoomsOptions) {
    this.#waitsWhenFull = waitsWhenFull;
    this.#timeoutMs = timeoutMs;
    this.#rooms = new Map(
      [...maxDepths].map(([queue, maxDepth]) => [
        queue,
        new QueueRoom({ queue, maxDepth, count: () => broker.depth(queue) }),
      ]),
    );
  }

  /** Undefined for a queue without a limit. */
  of(queue: string): QueueRoom | undefined {
    return this.#rooms.get(queue);
  }

  /** How long a push that begins now may wait. */
  patience(): MayWait {
    if (!this.#waitsWhenFull) return () => false;
    const endsAt = performance.now() + this.#timeoutMs;
    return () => performance.now() < endsAt;
  }

  /** Sends as many at a time as there is room for, in their order; those that find none are refused, each by itself. */
  async sendAll(envelopes: readonly TaskEnvelope[], tasks: SendTasks): Promise<PushResult[]> {
    const results: PushResult[] = [];
    const queues = [...new Set(envelopes.map(({ queue }) => queue))];
    const sending = queues.map(async (queue) => {
      const places = [...envelopes.keys()].filter((at) => envelopes[at]?.queue === queue);
      const all = places.map((at) => envelopes[at] as TaskEnvelope);
      const sent = await this.#sendQueue(this.of(queue), all, tasks);
      for (const [index, at] of places.entries()) results[at] = sent[index] as PushResult;
    });
    await Promise.all(sending);
    return results;
  }

  async #sendQueue(
    room: QueueRoom | undefined,
    envelopes: readonly TaskEnvelope[],
    tasks: SendTasks,
  ): Promise<readonly PushResult[]> {
    if (!room) return tasks.sendAll(envelopes);
    const results: PushResult[] = [];
    const mayWait = this.patience();
    while (results.length < envelopes.length) {
      const rest = envelopes.slice(results.length);
      const count = await room.enter({ least: 1, most: rest.length }, mayWait).catch(asError);
      if (typeof count !== 'number') {
        tasks.drop(rest);
        return [...results, ...rest.map(({ id }) => ({ id, error: count }))];
      }
      try {
        // Not push(...all): it takes no more than fit on the stack.
        for (const result of await tasks.sendAll(rest.slice(0, count))) results.push(result);
      } finally {
        room.leave(count);
      }
    }
    return results;
  }

  /** The same for the chunks of one queue: each gets in whole, or not at all. */
  async sendChunks(
    chunks: Chunks,
    queue: string,
    send: (chunks: Chunks) => Promise<readonly SentChunk[]>,
  ): Promise<readonly SentChunk[]> {
    const room = this.of(queue);
    if (!room) return send(chunks);
    const sent: SentChunk[] = [];
    const mayWait = this.patience();
    while (sent.length < chunks.length) {
      const rest = chunks.slice(sent.length);
      const wanted = { least: rest[0]?.length ?? 0, most: sizeOf(rest) };
      const count = await room.enter(wanted, mayWait).catch(asError);
      if (typeof count !== 'number') return [...sent, ...refused(rest, queue, count)];
      const fitting = rest.slice(0, howManyFit(rest, count));
      const taken = sizeOf(fitting);
      room.giveBack(count - taken);
      try {
        for (const chunk of await send(fitting)) sent.push(chunk);
      } finally {
        room.leave(taken);
      }
    }
    return sent;
  }
}

const sizeOf = (chunks: Chunks): number => chunks.reduce((sum, { length }) => sum + length, 0);

/** How many chunks, from the first on, hold no more than `count` tasks. */
function howManyFit(chunks: Chunks, count: number): number {
  let left = count;
  const first = chunks.findIndex(({ length }) => {
    left -= length;
    return left < 0;
  });
  return first === -1 ? chunks.length : first;
}

const refused = (chunks: Chunks, queue: string, error: Error): SentChunk[] =>
  chunks.map(({ length: size }) => ({ id: newTaskId(queue), size, error }));

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error), { cause: error });
