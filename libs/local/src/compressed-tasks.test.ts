import { defineTasks, isCompressed, type Verdict } from '@goflow/shared';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createLocalGoflow, type LocalGoflowOptions } from './index.js';

const text = { payload: z.string(), result: z.string() };
const tasks = defineTasks({ echo: text });
const LARGE = 'large '.repeat(20_000);

function open(options: Partial<LocalGoflowOptions<{ echo: typeof text }>>) {
  const goflow = createLocalGoflow({ tasks, handlers: { echo: (payload) => payload }, ...options });
  onTestFinished(() => goflow.close());
  const payloads: unknown[] = [];
  const verdicts: Verdict[] = [];
  goflow.worker.on('task:started', ({ task }) => payloads.push(task.payload));
  goflow.worker.on('task:finished', ({ verdict }) => verdicts.push(verdict));
  const stored = async (): Promise<unknown[]> => {
    await goflow.waitAll([await goflow.push('echo', LARGE)]);
    const [verdict] = verdicts;
    const result = verdict?.kind === 'completed' ? JSON.parse(verdict.resultJson ?? '') : undefined;
    return [...payloads, result];
  };
  return { goflow, stored };
}

test('compressAbove holds for payloads and for results', async () => {
  const compressed = await open({ compressAbove: 1_000 }).stored();
  expect(compressed.map(isCompressed)).toEqual([true, true]);
  expect(await open({}).stored()).toEqual([LARGE, LARGE]);
  expect(() => open({ compressAbove: 1 })).toThrow('`compressAbove`');
});

test('what was pushed and waits still is named as it was given', async () => {
  const { goflow } = open({ compressAbove: 1_000, concurrency: 0 });
  await goflow.push('echo', LARGE);
  expect(await goflow.stop()).toMatchObject([{ type: 'echo', payload: LARGE }]);
});

test('a function may return what looks compressed', async () => {
  const { goflow } = open({});
  const own = { '~gz': 'of my own' };
  expect(await goflow.run(() => own).done()).toMatchObject({ status: 'completed', value: own });
});
