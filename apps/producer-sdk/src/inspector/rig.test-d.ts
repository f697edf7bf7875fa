import {
  type Administered,
  type Broker,
  type Clock,
  defineTasks,
  GoflowError,
  type InspectorBroker,
  isFinal,
  type PageQuestion,
  type QueueCounts,
  TASK_STATES,
  type TaskDetail,
  type TaskFailure,
  type TaskPage,
  type WorkerRecord,
} from '@goflow/shared';
import { z } from 'zod';
import { Inspector } from './inspector.js';

export const tasks = defineTasks({
  'mail.send': { payload: z.object({ to: z.string() }), result: z.string() },
  'mail.read': { payload: z.object({ to: z.string() }), result: z.string() },
  'image.resize': { payload: z.string(), result: z.string(), queue: 'images' },
});

export const START = Date.UTC(2024, 0, 1);

/** A clock that turns itself on: who sleeps is woken at once, at the time that was asked for. */
export class SelfTurningClock implements Clock {
  time = START;
  /** Added to every sleep: timers fire late. */
  lateMs = 0;

  now(): number {
    return this.time;
  }

  after(ms: number, callback: () => void): object {
    const timer = { callback };
    queueMicrotask(() => {
      this.time += ms + this.lateMs;
      timer.callback();
    });
    return timer;
  }

  cancel(timer: unknown): void {
    if (timer) (timer as { callback: () => void }).callback = () => undefined;
  }
}

export const failureOf = (message: string, code = 'HANDLER_FAILED'): TaskFailure => ({
  name: 'Error',
  message,
  code,
});

/** A broker in memory of which only what an inspector asks for is there. Nothing happens in it by itself. */
export class TestBroker implements Pick<Broker, 'inspector' | 'detail' | 'counts' | 'clock'> {
  readonly clock = new SelfTurningClock();
  readonly tasks = new Map<string, TaskDetail>();
  readonly workers: WorkerRecord[] = [];
  /** The pages that were asked for. */
  readonly asked: PageQuestion[] = [];
  /** The time of each redrive, and the payload. */
  readonly redriven: { readonly id: string; readonly at: number; readonly json?: string }[] = [];
  /** Called before each page, and before each redrive or discard. */
  beforePage: (question: PageQuestion) => void = () => undefined;
  beforeChange: (id: string) => void = () => undefined;

  readonly inspector: InspectorBroker = {
    page: async (question) => this.#page(question),
    redrive: async (id, json) => this.#redrive(id, json),
    discard: async (id) => this.#discard(id),
    workers: async () => this.workers,
  };

  /** A task; of those that finished, the higher number finished later. */
  put(number: number, given: Partial<TaskDetail> = {}): string {
    const { queue = 'default', state = 'failed' } = given;
    const id = `${queue}:${String(number).padStart(22, 'x')}`;
    const pushedAt = START - 1_000_000 + number;
    const end = isFinal(state) ? { finishedAt: pushedAt + 1_000 } : {};
    const lists = { tags: [], log: [], history: [] };
    const counts = { attempts: 1, starts: 1, stalls: 0, priority: 0 };
    const what = { type: 'mail.send', payload: { to: `user${number}` } };
    const task = { id, queue, state, pushedAt, ...end, ...lists, ...counts, ...what, ...given };
    this.tasks.set(id, task);
    return id;
  }

  async detail(id: string): Promise<TaskDetail | undefined> {
    return this.tasks.get(id);
  }

  async counts(queue: string): Promise<QueueCounts> {
    const all = [...this.tasks.values()].filter((task) => task.queue === queue);
    return Object.fromEntries(
      TASK_STATES.map((state) => [state, all.filter((task) => task.state === state).length]),
    ) as unknown as QueueCounts;
  }

  #page(question: PageQuestion): TaskPage {
    this.beforePage(question);
    this.asked.push(question);
    const { queue, state, tag, since = 0, after, limit } = question;
    if (!(limit >= 1 && limit <= 1_000)) throw new Error(`limit ${limit}`);
    if (after !== undefined && !/^\d{13} /.test(after))
      throw new GoflowError('CURSOR_INVALID', 'made up');
    const rest = [...this.tasks.values()]
      .filter((task) => task.queue === queue && task.state === state)
      .filter((task) => tag === undefined || task.tags.includes(tag))
      .filter((task) => timeOf(task) >= since)
      .filter((task) => after === undefined || placeOf(task) < after)
      .sort((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1));
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    return { tasks: page, next: last && rest.length > limit ? placeOf(last) : undefined };
  }

  #redrive(id: string, json?: string): Administered {
    this.beforeChange(id);
    const task = this.tasks.get(id);
    if (!task) return { found: 'unknown', done: false };
    if (!isFinal(task.state) || task.state === 'completed')
      return { found: task.state, done: false };
    this.redriven.push({ id, at: this.clock.now(), ...(json === undefined ? {} : { json }) });
    const { finishedAt: _, ...open } = task;
    this.tasks.set(id, { ...open, state: 'waiting' });
    return { found: task.state, done: true };
  }

  #discard(id: string): Administered {
    this.beforeChange(id);
    const found = this.tasks.get(id)?.state ?? 'unknown';
    return { found, done: this.tasks.delete(id) };
  }
}

const timeOf = (task: TaskDetail): number => task.finishedAt ?? task.pushedAt;
/** As text, because it is a cursor: times of these tests have 13 digits. */
const placeOf = (task: TaskDetail): string => `${timeOf(task)} ${task.id}`;

/** An inspector of a broker in memory. Tasks with the tag `over` are past their retention. */
export function openRig() {
  const broker = new TestBroker();
  const isOver = ({ id }: { readonly id: string }): boolean =>
    broker.tasks.get(id)?.tags.includes('over') ?? false;
  const inspector = new Inspector({
    broker,
    tasks,
    isOver,
    current: (task) => (task && !isOver(task) ? task : undefined),
    payloadLimit: 1_000,
    compressAbove: 256,
  });
  return { broker, inspector, deadLetters: inspector.deadLetters };
}
