import { createGoflow, type Goflow, type QueueCounts, type TaskResult } from '@goflow/sdk';
import { until } from '@goflow/testing';
import type { Cluster, Redis } from 'ioredis';
import type { ProcessSettings } from '../load/orders.js';
import { redisOf } from '../load/process.js';
import { makeTasks, QUEUES } from '../load/tasks.js';
import { openServer, openWorld, type World } from '../system/world.js';
import type { Breach } from './breach.js';
import { type Snapshot, takeSnapshot, tasksOf } from './snapshot.js';

/** What an observer is made with. */
export type ObserverOptions = Pick<ProcessSettings, 'prefix' | 'keptMs'> & {
  readonly world: World;
};

/** How long one answer may take; while a failover is not over, there is none. */
const ANSWER_MS = 5_000;
/** Asked for at once. */
const SLICE = 500;

/** Looks at the system from outside of all proxies: as a client of goflow, and at what lies in Redis. */
export class Observer implements AsyncDisposable {
  readonly #options: ObserverOptions;
  readonly #goflow: Goflow<ReturnType<typeof makeTasks>['definitions']>;
  readonly #redis: Redis | Cluster;
  readonly #given: ReturnType<typeof redisOf>;

  constructor(options: ObserverOptions) {
    const { world, prefix, keptMs } = options;
    this.#options = options;
    this.#given = redisOf(world.direct);
    this.#goflow = createGoflow({
      tasks: makeTasks(keptMs),
      redis: this.#given,
      prefix,
      timeout: ANSWER_MS,
    });
    this.#redis = openWorld(world.direct);
    this.#redis.on('error', () => undefined);
  }

  /** Tasks by state, of all queues. */
  async counts(): Promise<QueueCounts> {
    const counts = await Promise.all(QUEUES.map((queue) => this.#goflow.counts(queue)));
    const sum: Record<string, number> = {};
    for (const one of counts)
      for (const [state, tasks] of Object.entries(one)) sum[state] = (sum[state] ?? 0) + tasks;
    return sum as QueueCounts;
  }

  /** Waits until no task is open. Gives the time it took in milliseconds; `undefined` when it took too long. */
  async rest(timeoutMs: number): Promise<number | undefined> {
    const startedAt = performance.now();
    try {
      await until(() => this.#isAtRest(), { what: 'no task is open', timeoutMs });
      return performance.now() - startedAt;
    } catch {
      return undefined;
    }
  }

  snapshot(): Promise<Snapshot> {
    return takeSnapshot(this.#redis, this.#options.prefix);
  }

  /** What `getResult` answers for every task that is there, and for more ids. */
  async results(snapshot: Snapshot, more: Iterable<string>): Promise<Map<string, TaskResult>> {
    const there = snapshot.jobs.flatMap((job) => tasksOf(job).map(([, id]) => id as string));
    const ids = [...new Set([...there, ...more])];
    const results = new Map<string, TaskResult>();
    for (let at = 0; at < ids.length; at += SLICE) {
      const some = ids.slice(at, at + SLICE);
      const answers = await Promise.all(some.map((id) => this.#goflow.getResult(id)));
      for (const [index, answer] of answers.entries()) results.set(some[index] ?? '', answer);
    }
    return results;
  }

  /** pushed = waiting + delayed + active + completed + failed + cancelled + expired: what is counted is what is there. */
  async accounts(results: ReadonlyMap<string, TaskResult>): Promise<Breach[]> {
    const counted = await this.counts();
    const there: Record<string, number> = {};
    for (const { status } of results.values()) there[status] = (there[status] ?? 0) + 1;
    return Object.entries(counted)
      .filter(([state, tasks]) => tasks !== (there[state] ?? 0))
      .map(([state, tasks]) => ({
        kind: 'accounts',
        what: `${tasks} tasks are counted as ${state}, ${there[state] ?? 0} are`,
      }));
  }

  /** Connections that Redis has, the harness’s own left out. */
  async connections(): Promise<number> {
    const lists = await Promise.all(
      this.#options.world.servers.map(async (server) => {
        const redis = openServer(server);
        const list = String(await redis.client('LIST').finally(() => redis.disconnect()));
        const clients = list.split('\n').filter((line) => /flags=[NPb]/.test(line));
        // One of them asked.
        return clients.filter((line) => !line.includes('name=sentinel')).length - 1;
      }),
    );
    return lists.reduce((sum, one) => sum + one, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#goflow.close();
    this.#redis.disconnect();
    if (typeof this.#given === 'object' && 'disconnect' in this.#given) this.#given.disconnect();
  }

  async #isAtRest(): Promise<boolean> {
    try {
      const { waiting, delayed, active } = await this.counts();
      return waiting + delayed + active === 0;
    } catch {
      // Redis is not whole yet.
      return false;
    }
  }
}
