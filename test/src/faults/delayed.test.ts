import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { openRedis } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';
import { startRedis } from './rig.js';

const tasks = defineTasks({ due: { payload: z.number(), result: z.null() } });
const COUNT = 3_000;
/** How far the clock of Redis, as a worker knows it, may be from that of this machine. */
const CLOCK_MS = 5;
/** Of all of them, in milliseconds. */
const [FIRST, LAST] = [3_000, 5_000];

async function lateness(spoil: 'marker' | 'nothing'): Promise<readonly number[]> {
  const { url } = await startRedis();
  const place = { redis: url, prefix: 'faults' };
  const startedAt: number[] = [];
  const due = (n: number): null => {
    startedAt[n] = Date.now();
    return null;
  };
  const worker = makeWorker({ tasks, handlers: { due } }, place);
  await worker.start();
  const goflow = openClient(tasks, place);
  const dueAt = Array.from(
    { length: COUNT },
    (_, n) => Date.now() + FIRST + Math.round((n * (LAST - FIRST)) / COUNT),
  );
  await goflow.pushMany(
    'due',
    dueAt.map((_, n) => n),
    (n) => ({ runAt: new Date(dueAt[n] ?? 0) }),
  );
  const pushedAt = Date.now();
  const admin = openRedis(url);
  if (spoil === 'marker') {
    const timer = setInterval(() => void admin.del('faults:{default}:marker'), 100);
    onTestFinished(() => clearInterval(timer));
  }
  const count = (): number => startedAt.filter(Boolean).length;
  await until(() => count() === COUNT, { what: 'all to run' });
  expect(startedAt.filter((at, n) => at < (dueAt[n] ?? 0) - CLOCK_MS)).toEqual([]);
  // A machine that is busy may still be pushing when the first are due.
  return startedAt.map((at, n) => at - Math.max(dueAt[n] ?? 0, pushedAt)).sort((a, b) => a - b);
}

test.each(['nothing', 'marker'] as const)(
  '3,000 delayed tasks, with %s deleted again and again: none runs early, none is forgotten',
  async (spoil) => {
    const late = await lateness(spoil);
    const [p99, last] = [0.99 * COUNT, COUNT - 1].map((at) => late[at]);
    console.info(`F50, ${spoil} deleted: 99 % at most ${p99} ms late, the last ${last} ms`);
  },
);
