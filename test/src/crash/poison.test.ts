import { fileURLToPath } from 'node:url';
import type { ChildProgram } from '@goflow/testing';
import { expect, test } from 'vitest';
import { runWorker } from '../support/program.js';
import { newPlace, type Place } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { keepWorkers } from './keep-workers.js';
import { tasks } from './poison-tasks.mjs';

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

function startWorker(place: Place): ChildProgram {
  const modules = ['--tasks', fileOf('poison-tasks.mjs'), '--handlers', fileOf('poison-handlers')];
  const where = ['--redis', place.redis, '--prefix', place.prefix];
  return runWorker([...modules, ...where, '--lease', '1s', '--concurrency', '20']);
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
  const workers = keepWorkers(() => startWorker(place));
  const results = await goflow.waitAll([...innocent, ...more], { timeout: '50s' });
  await expect(goflow.wait(poison, { timeout: '50s' })).rejects.toMatchObject({
    failure: { code: 'TASK_POISON' },
  });
  expect(workers.deaths).toBe(2);
  expect(new Set(results.map((result) => result.status))).toEqual(new Set(['completed']));
  const dead = await goflow.inspector.deadLetters.list();
  expect(dead.tasks).toMatchObject([{ id: poison, reason: 'poison' }]);
});
