import {
  compressJson,
  defineTasks,
  type ResultStore,
  type TaskRecord,
  type TaskResult,
} from '@goflow/shared';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Answers } from './task-answers.js';

const NOW = 1_800_000_000_000;
const ID = 'default:a234567890123456789012';
const tasks = defineTasks({ plain: { payload: z.any(), result: z.any() } });

/** What is answered for a task that completed with this, which lies with the task and then in a store. */
async function answersFor(resultJson: string): Promise<TaskResult[]> {
  const resultStore: ResultStore = { get: async () => [resultJson], put: async () => undefined };
  const answers = new Answers({ tasks, now: () => NOW, resultStore });
  const common = { id: ID, type: 'plain', state: 'completed', attempts: 1 } as const;
  const record: TaskRecord = { ...common, pushedAt: NOW - 2, finishedAt: NOW - 1 };
  return Promise.all([
    answers.result(ID, { ...record, result: JSON.parse(resultJson) }),
    answers.result(ID, { ...record, isStored: true }),
  ]);
}

test.each([1_000, 1_000_000])(
  'a compressed result of %d bytes is told as it was returned',
  async (bytes) => {
    const value = { text: 'x'.repeat(bytes) };
    const answers = await answersFor(await compressJson(JSON.stringify(value), 256));
    for (const answer of answers) expect(answer).toMatchObject({ status: 'completed', value });
  },
);

test('a result that looks compressed is told as it was returned, too', async () => {
  const value = { '~gz': { '~gz': 'of my own' } };
  const answers = await answersFor(await compressJson(JSON.stringify(value), 256));
  for (const answer of answers) expect(answer).toMatchObject({ status: 'completed', value });
});

test.each(['what is this', '300000,7cEBAQAAAIKg'])(
  'a compressed result that cannot be read is a failure: %s',
  async (packed) => {
    for (const answer of await answersFor(JSON.stringify({ '~gz': packed })))
      expect(answer).toMatchObject({
        status: 'failed',
        attempts: 1,
        failure: { code: 'ENVELOPE_UNREADABLE' },
      });
  },
);
