import { fileURLToPath } from 'node:url';
import type { ChildProgram } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { runWorker } from '../support/program.js';
import { newPlace, type Place } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { tasks } from './poison-tasks.mjs';

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Two workers that are started again when they die, as an orchestrator does; gives how often they died. */
function keepWorkers(place: Place): { deaths: number } {
  const seen = { deaths: 0 };
  let isOver = false;
  const current = new Set<ChildProgram>();
  const keep = async (): Promise<void> => {
    while (!isOver) {
      const flags = [
        ...['--tasks', fileOf('poison-tasks.mjs'), '--handlers', fileOf('poison-handlers')],
        ...[
          '--redis',
          place.redis,
          '--prefix',
          place.prefix,
          '--lease',
          '1s',
          '--concurrency',
          '20',
        ],
      ];
      const worker = runWorker(flags);
      current.add(worker);
      const { signal } = await worker.exited;
      current.delete(worker);
      if (signal === 'SIGKILL' && !isOver) seen.deaths += 1;
    }
  };
  const keeping = [keep(), keep()];
  onTestFinished(async () => {
    isOver = true;
    for (const worker of current) worker.signal('SIGTERM');
    await Promise.all(keeping);
  });
  return seen;
}

// Only Redis outlives a process, so this is not part of the contract suite.
test('a task that takes its worker down twice is a dead letter, and those that ran beside it complete', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const innocent = await goflow.pushMany(
    'innocent',
    Array.from({ length: 30 }, () => 400),
  );
  const poison = await goflow.push('poison', null);
  const more = await goflow.pushMany(
    'innocent',
    Array.from({ length: 10 }, () => 400),
  );
  const workers = keepWorkers(place);
  const results = await goflow.waitAll([...innocent, ...more], { timeout: '50s' });
  await expect(goflow.wait(poison, { timeout: '50s' })).rejects.toMatchObject({
    failure: { code: 'TASK_POISON' },
  });
  expect(workers.deaths).toBe(2);
  expect(new Set(results.map((result) => result.status))).toEqual(new Set(['completed']));
  const dead = await goflow.inspector.deadLetters.list();
  expect(dead.tasks).toMatchObject([{ id: poison, reason: 'poison' }]);
}, 90_000);
