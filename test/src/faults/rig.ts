import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Goflow, TaskId } from '@goflow/sdk';
import { type ChildProgram, FaultProxy, RedisServer } from '@goflow/testing';
import type { Worker, WorkerOptions } from '@goflow/worker';
import { expect, onTestFinished } from 'vitest';
import { runWorker } from '../support/program.js';
import type { Place } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';
import { tasks } from './fault-tasks.mjs';

export type Definitions = (typeof tasks)['definitions'];

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A Redis of the test's own, with an append-only file. */
export async function startRedis(...args: readonly string[]): Promise<RedisServer> {
  const server = await RedisServer.start({ args: ['--appendonly', 'yes', ...args] });
  onTestFinished(() => server.stop());
  return server;
}

/** A bad network in front of it. */
export async function startProxy({ port }: RedisServer): Promise<FaultProxy> {
  const proxy = await FaultProxy.start({ targetPort: port });
  onTestFinished(() => proxy.stop());
  return proxy;
}

/** One line that a handler of a worker program wrote. */
export interface Effect {
  readonly n: number;
  readonly starts: number;
  readonly what: 'begin' | 'abort' | 'end';
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly pid: number;
}

/** A folder for what handlers of worker programs do, read in the order of time. */
export class Ledger {
  readonly folder = mkdtempSync(join(tmpdir(), 'goflow-faults-'));

  constructor() {
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  get effects(): readonly Effect[] {
    const files = readdirSync(this.folder).filter((name) => name.endsWith('.ledger'));
    const lines = files.flatMap((name) =>
      readFileSync(join(this.folder, name), 'utf8').split('\n').filter(Boolean),
    );
    return lines.map((line) => JSON.parse(line) as Effect).sort((a, b) => a.at - b.at);
  }

  /** Keeps another file beside what was done, and gives its path. */
  write(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  of(what: Effect['what']): readonly Effect[] {
    return this.effects.filter((effect) => effect.what === what);
  }
}

/** Starts `goflow-worker` with the handlers of this folder. */
export function startWorkerProgram(
  place: Place,
  ledger: Ledger,
  {
    flags = [],
    env = {},
  }: { readonly flags?: readonly string[]; readonly env?: Record<string, string> } = {},
): ChildProgram {
  const modules = ['--tasks', fileOf('fault-tasks.mjs'), '--handlers', fileOf('handlers')];
  const where = ['--redis', place.redis, '--prefix', place.prefix];
  return runWorker([...modules, ...where, ...flags], { FAULT_LEDGER: ledger.folder, ...env });
}

/** A client and a worker in this process, each on its own way to Redis, and what ran. */
export interface Crew {
  readonly goflow: Goflow<Definitions>;
  readonly worker: Worker;
  /** The numbers of the tasks that began, in order. */
  readonly ran: readonly number[];
  /** Those whose outcome was dropped. */
  readonly lost: readonly string[];
  readonly troubles: readonly string[];
}

interface Ways {
  readonly client: Place['redis'];
  readonly worker: WorkerOptions<Definitions>['redis'];
}

/** Starts them; the client has 20 s for each call. */
export async function startCrew(
  ways: Ways,
  options: Partial<WorkerOptions<Definitions>> = {},
): Promise<Crew> {
  const ran: number[] = [];
  const prefix = 'faults';
  const worker = makeWorker<Definitions>(
    {
      tasks,
      handlers: {
        step: async ({ n, ms }) => {
          ran.push(n);
          await delay(ms);
          return n * 2;
        },
        hog: () => null,
      },
      lease: '2s',
      ...options,
    },
    { redis: ways.worker as string, prefix },
  );
  const [lost, troubles]: [string[], string[]] = [[], []];
  worker.on('task:lost', ({ task }) => lost.push(task.id));
  worker.on('broker:trouble', ({ error }) => troubles.push(error.message));
  await worker.start();
  const goflow = openClient(tasks, { redis: ways.client, prefix }, { timeout: '20s' });
  await goflow.ping();
  return { goflow, worker, ran, lost, troubles };
}

/** Pushes tasks with numbers from `first` on. */
export function pushSteps(
  goflow: Goflow<Definitions>,
  { count, ms = 0, first = 0 }: { count: number; ms?: number; first?: number },
): Promise<readonly TaskId<'step'>[]> {
  const payloads = Array.from({ length: count }, (_, index) => ({ n: first + index, ms }));
  return goflow.pushMany('step', payloads);
}

/** Waits for all, and expects each to be completed with its own result. */
export async function expectAll(
  goflow: Goflow<Definitions>,
  ids: readonly TaskId<'step'>[],
  timeout: `${number}s` = '40s',
): Promise<void> {
  const results = await goflow.waitAll(ids, { timeout });
  expect(results).toMatchObject(ids.map((id, n) => ({ id, status: 'completed', value: n * 2 })));
}

/** How many runs there were beyond one for each task. */
export const repeats = (ran: readonly number[]): number => ran.length - new Set(ran).size;

/** Measures from now on; the answer says the row for docs/reliability.md. */
export function measure(
  row: string,
): (counts: { readonly lost: number; readonly duplicates: number }) => void {
  const from = performance.now();
  return ({ lost, duplicates }) => {
    const seconds = ((performance.now() - from) / 1_000).toFixed(1);
    console.info(`${row}: recovered in ${seconds} s, lost ${lost}, duplicates ${duplicates}`);
  };
}
