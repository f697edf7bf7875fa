import {
  type ChunkEnvelope,
  type ConsumeOptions,
  type Consumer,
  type ConsumerBroker,
  newTaskId,
  type TakenTask,
  type TaskEnvelope,
  type TaskFailure,
  type TaskId,
  type Verdict,
} from '@goflow/shared';
import { onTestFinished } from 'vitest';
import { createFakeClock, type FakeClock } from './fake-clock.js';
import { createMemoryBroker, type MemoryBroker } from './memory-broker.js';

/** What the tests of the memory broker are made with: a broker, its fake clock, and ways to push and to consume. */
export interface Rig extends MemoryBroker {
  readonly clock: FakeClock;
  /** Every settled attempt: the task, and the verdict's kind. */
  readonly settled: {
    readonly id: TaskId;
    readonly kind: Verdict['kind'];
    readonly runMs: number;
  }[];
  /** Pushes a task of type `t` to queue `q`, unless said otherwise. */
  readonly push: (given?: Partial<TaskEnvelope>) => Promise<TaskId>;
  /** Pushes the numbers from 0 to `size` - 1 as a chunk of type `t` to queue `q`, unless said otherwise. Gives the ids of its tasks. */
  readonly pushChunk: (size: number, given?: Partial<ChunkEnvelope>) => Promise<TaskId[]>;
  /** Starts a consumer of queue `q` with one slot, unless said otherwise. */
  readonly consume: (
    run: Run,
    given?: Partial<ConsumeOptions>,
    broker?: ConsumerBroker,
  ) => Promise<Consumer>;
}

type Run = (task: TakenTask) => Verdict | Promise<Verdict>;

export const DONE: Verdict = { kind: 'completed', resultJson: undefined };
export const FAILURE: TaskFailure = { name: 'Error', message: 'no luck', code: 'HANDLER_FAILED' };
export const FAILED: Verdict = { kind: 'failed', failure: FAILURE };

/** An attempt that never ends by itself. */
export const never = (): Promise<Verdict> => new Promise(() => undefined);

export function openRig(): Rig {
  const clock = createFakeClock();
  const broker = createMemoryBroker({ clock });
  const settled: Rig['settled'][number][] = [];
  onTestFinished(() => broker.client.close());
  return {
    ...broker,
    clock,
    settled,
    push: async (given = {}) => (await broker.client.push(envelopeOf(given, clock))).id,
    pushChunk: async (size, given = {}) => {
      const chunk = chunkOf(size, given, clock);
      await broker.client.pushChunks([chunk]);
      return chunk.payloadsJson.map((_, index) => `${chunk.id}:${index}`);
    },
    consume: async (run, given = {}, from = broker.consumer) => {
      const consumer = from.consume({
        queue: 'q',
        concurrency: 1,
        run: async (task) => run(task),
        listener: {
          settled: ({ id }, { kind }, runMs) => settled.push({ id, kind, runMs }),
          leaseLost: () => undefined,
        },
        retention: new Map(),
        worker: 'w1',
        ...given,
      });
      await consumer.start();
      return consumer;
    },
  };
}

/** A task of type `t` in queue `q`, unless said otherwise. */
export function envelopeOf(given: Partial<TaskEnvelope>, clock: FakeClock): TaskEnvelope {
  const { queue = 'q' } = given;
  return {
    id: newTaskId(queue),
    queue,
    type: 't',
    payloadJson: 'null',
    pushedAt: clock.now(),
    ...given,
  };
}

/** A chunk of the numbers from 0 to `size` - 1, of type `t` in queue `q`, unless said otherwise. */
export function chunkOf(
  size: number,
  given: Partial<ChunkEnvelope>,
  clock: FakeClock,
): ChunkEnvelope {
  const payloadsJson = Array.from({ length: size }, (_, index) => `${index}`);
  const { payloadJson: _, ...shared } = envelopeOf({}, clock);
  return { ...shared, payloadsJson, ...given };
}
