import { expect, test } from 'vitest';
import { newTaskId } from '../task/task-id.js';
import { unknownTask } from './unknown-task.js';

test('an id is shown; what is none is told as such', () => {
  const id = newTaskId('default');
  expect(unknownTask(id)).toMatchObject({
    code: 'TASK_UNKNOWN',
    message: `there is no task "${id}"`,
  });
  expect(unknownTask('x"y').message).toBe(
    String.raw`there is no task "x\"y": that is no id of goflow's, QUEUE:…`,
  );
});

test('but not 10 kB of it, nor what it is not', () => {
  for (const id of ['x'.repeat(10_000), null, undefined, {}, 5])
    expect(unknownTask(id).message.length).toBeLessThan(180);
});
