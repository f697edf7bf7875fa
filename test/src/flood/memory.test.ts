import { fileURLToPath } from 'node:url';
import { createGoflow } from '@goflow/sdk';
import {
  type ChildProgram,
  FaultProxy,
  RedisCluster,
  RedisServer,
  startProgram,
  until,
} from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { tasks } from './large-tasks.mjs';

// Each program may use so little memory that it would be killed if it kept all that it is given.

const startServer = async (): Promise<RedisServer> => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  return server;
};

function startSmall(name: string, args: readonly string[], heapMb: number): ChildProgram {
  const file = fileURLToPath(new URL(name, import.meta.url));
  const env = { NODE_OPTIONS: `--max-old-space-size=${heapMb}` };
  const program = startProgram(file, args, { env });
  onTestFinished(() => program[Symbol.asyncDispose]());
  return program;
}

/** What the program printed at its end. */
async function reportOf(program: ChildProgram): Promise<Readonly<Record<string, number>>> {
  expect(await program.exited, program.stderr).toEqual({ code: 0, signal: null });
  return JSON.parse(program.stdout.trim().split('\n').at(-1) ?? '');
}

const KNOWN = ['pushed', 'ok', 'CLIENT_OVERLOADED', 'BROKER_UNAVAILABLE', 'maxPending', 'maxRssMb'];

/** Pushes of 10 kB that nobody awaits, from before Redis goes bad until after its connection was given up, which is after 5 s. */
async function flood(url: string, goBad: () => void): Promise<Readonly<Record<string, number>>> {
  const program = startSmall('flood-client.mjs', [url, 'flood', '8'], 96);
  await program.line(/connected/);
  goBad();
  program.signal('SIGUSR2');
  const report = await reportOf(program);
  expect(Object.keys(report).toSorted()).toEqual(KNOWN.toSorted());
  return report;
}

test('a program that pushes without awaiting to a Redis that is frozen is told so, and lives', async () => {
  const server = await startServer();
  onTestFinished(() => server.resume());
  const report = await flood(server.url, () => server.pause());
  // Some 96 MB would be 9,600 pushes.
  expect(report.pushed).toBeGreaterThan(20_000);
  expect(report.CLIENT_OVERLOADED).toBeGreaterThan(0.5 * (report.pushed ?? 0));
  expect(report.maxRssMb).toBeLessThan(260);
});

test('the same to a Redis behind a slow network, which answers now and then', async () => {
  const server = await startServer();
  const proxy = await FaultProxy.start({ targetPort: server.port });
  onTestFinished(() => proxy.stop());
  const report = await flood(proxy.url(server.url), () => proxy.setThrottle(1_000_000));
  expect(report.pushed).toBeGreaterThan(20_000);
  expect(report.CLIENT_OVERLOADED).toBeGreaterThan(0.5 * (report.pushed ?? 0));
  expect(report.maxRssMb).toBeLessThan(260);
});

test('the same to a frozen node of a Redis Cluster, to which the connection is its own', async () => {
  const cluster = await RedisCluster.start({ masters: 1, replicas: 0 });
  onTestFinished(() => cluster.stop());
  const [server] = cluster.servers;
  onTestFinished(() => server?.resume());
  const report = await flood(String(server?.port), () => server?.pause());
  expect(report.pushed).toBeGreaterThan(20_000);
  expect(report.CLIENT_OVERLOADED).toBeGreaterThan(0.5 * (report.pushed ?? 0));
  expect(report.maxRssMb).toBeLessThan(260);
});

test('a worker holds as many large payloads and results as it runs tasks, however many there are', async () => {
  const server = await startServer();
  const goflow = createGoflow({
    tasks,
    redis: server.url,
    prefix: 'flood',
    payloadLimit: 2_000_000,
  });
  onTestFinished(() => goflow.close());
  const [count, size] = [150, 1_000_000];
  // 300 MB, all there before the worker is.
  for (let pushed = 0; pushed < count; pushed += 10)
    await goflow.pushMany('large.in', Array(10).fill('x'.repeat(size)));
  await goflow.pushMany('large.out', Array(count).fill(size));
  const worker = startSmall('flood-worker.mjs', [server.url, 'flood', '20'], 128);
  await until(async () => (await goflow.counts()).completed === 2 * count, {
    what: 'all to complete',
  });
  worker.signal('SIGTERM');
  expect((await reportOf(worker)).maxRssMb).toBeLessThan(420);
});
