import { createGoflow, defineTasks, type Goflow } from '@goflow/sdk';
import { RedisServer, until } from '@goflow/testing';
import { createWorker, defineHandlers, type Worker, type WorkerOptions } from '@goflow/worker';
import type { Cluster, Redis } from 'ioredis';
import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openRedis } from '../support/redis.js';
import { type Called, type CallOptions, runCli } from './cli.js';

export const tasks = defineTasks({
  echo: { payload: z.string(), result: z.string() },
  slow: { payload: z.null(), result: z.null() },
  failing: { payload: z.null(), result: z.null(), maxAttempts: 1 },
});

const handlers = defineHandlers(tasks, {
  echo: (payload) => payload,
  slow: (_payload, { signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  failing: () => {
    throw new Error('as it is meant to');
  },
});

type Client = Goflow<typeof tasks.definitions>;

/** What a healthy Redis is started with. */
export const HEALTHY = ['--appendonly', 'yes'];

/** A Redis of the test's own. */
export async function startServer(args: readonly string[] = []): Promise<RedisServer> {
  const server = await RedisServer.start({ args: [...HEALTHY, ...args] });
  onTestFinished(() => server.stop());
  return server;
}

/** A system in which nothing is wrong: one worker is alive, some tasks are done. */
export interface HealthySystem {
  readonly goflow: Client;
  readonly worker: Worker;
}

export async function startSystem(
  redis: string | Cluster,
  options: Partial<WorkerOptions<typeof tasks.definitions>> = {},
): Promise<HealthySystem> {
  const goflow = createGoflow({ tasks, redis });
  onTestFinished(() => goflow.close());
  // No look for lost workers comes during a test.
  const worker = createWorker({ tasks, handlers, redis, lease: '1h', ...options });
  onTestFinished(() => worker.stop({ grace: 0 }));
  await worker.start();
  const ids = await goflow.pushMany('echo', ['a', 'b', 'c']);
  await goflow.waitAll(ids);
  await until(async () => (await goflow.inspector.workers()).length === 1, { what: 'the worker' });
  return { goflow, worker };
}

/** A healthy system in a Redis of its own, and a plain connection to plant faults with. */
export async function startHealthy(
  args: readonly string[] = [],
): Promise<HealthySystem & { readonly server: RedisServer; readonly redis: Redis }> {
  const server = await startServer(args);
  const system = await startSystem(server.url);
  return { ...system, server, redis: openRedis(server.url) };
}

/** One finding, as `--json` says it. */
export interface Told {
  readonly check: string;
  readonly level: string;
  readonly found: string;
  readonly advice?: string;
}

/** What `goflow doctor --json` says. */
export interface Diagnosis {
  readonly code: number | null;
  readonly findings: readonly Told[];
  /** All that is not ok. */
  readonly bad: readonly Told[];
}

export async function diagnose(
  url: string,
  flags: readonly string[] = [],
  options: CallOptions = {},
): Promise<Diagnosis> {
  const called = await callDoctor(url, ['--json', ...flags], options);
  if (called.stdout === '') throw new Error(called.stderr);
  const { findings } = JSON.parse(called.stdout) as { findings: Told[] };
  const bad = findings.filter(({ level }) => level !== 'ok');
  return { code: called.code, findings, bad };
}

export const callDoctor = (
  url: string,
  flags: readonly string[] = [],
  options: CallOptions = {},
): Promise<Called> =>
  runCli(undefined, ['doctor', '--redis', url, '--watch', '600ms', ...flags], options);

/** That this is found, with an advice, and nothing else. */
export function expectOnly(
  { bad, code }: Diagnosis,
  {
    check,
    level,
    found,
    advice,
  }: Record<'check' | 'level', string> & Record<'found' | 'advice', RegExp>,
): void {
  expect(bad).toEqual([
    expect.objectContaining({
      check,
      level,
      found: expect.stringMatching(found),
      advice: expect.stringMatching(advice),
    }),
  ]);
  expect(code).toBe(level === 'problem' ? 1 : 0);
}

/** Puts a worker into the fleet that says this of itself, and is alive for some 20 s. */
export async function plantWorker(
  redis: Redis | Cluster,
  advert: Readonly<Record<string, unknown>>,
): Promise<void> {
  const [seconds] = await redis.time();
  const record = {
    name: 'planted:1',
    host: 'planted',
    pid: 1,
    version: '0.1.0',
    envelopeVersion: 2,
    types: ['echo', 'slow', 'failing'],
    queues: { default: { concurrency: 10, active: 0 } },
    startedAt: 1,
    eventLoopLagMs: 0,
    state: 'running',
    seenAt: Number(seconds) * 1_000 + 9_000,
    ...advert,
  };
  await redis.hset('goflow:{fleet}:workers', record.name, JSON.stringify(record));
}
