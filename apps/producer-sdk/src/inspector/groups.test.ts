import type { TaskDetail, TaskId } from '@goflow/shared';
import { expect, test } from 'vitest';
import { DeadLetterGroups } from './groups.js';

/** A task that failed in a way of its own. */
function failed(index: number): TaskDetail {
  const letters = String(index).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '');
  return {
    id: `default:${index}` as TaskId,
    type: 'mail.send',
    queue: 'default',
    state: 'failed',
    attempts: 1,
    pushedAt: index,
    finishedAt: index,
    failure: { name: 'Error', code: 'E_MAIL', message: `failed as ${letters}` },
    payload: undefined,
    tags: [],
    priority: 0,
    log: [],
    history: [],
    starts: 1,
    stalls: 0,
  };
}

test('failures that are all different take the memory of 10,000 groups at most', () => {
  const groups = new DeadLetterGroups();
  for (let index = 0; index < 9_999; index += 1) groups.add(failed(index));
  expect(groups.isFull).toBe(false);
  groups.add(failed(9_999));
  expect(groups.isFull).toBe(true);
  expect(groups.list()).toHaveLength(10_000);
});
