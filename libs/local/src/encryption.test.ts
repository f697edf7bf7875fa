import { randomBytes } from 'node:crypto';
import { defineTasks, isEncrypted, type Verdict } from '@goflow/shared';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createLocalGoflow } from './index.js';

const tasks = defineTasks({ echo: { payload: z.string(), result: z.string() } });
const encryption = { keys: { k: randomBytes(32) }, current: 'k' };

function open(options: object = {}) {
  const handlers = { echo: (payload: string) => payload };
  const goflow = createLocalGoflow({ tasks, handlers, encryption, ...options });
  onTestFinished(() => goflow.close());
  return goflow;
}

test('encryption holds for payloads and for results', async () => {
  const goflow = open();
  const stored: unknown[] = [];
  goflow.worker.on('task:started', ({ task }) => stored.push(task.payload));
  goflow.worker.on('task:finished', ({ verdict }: { verdict: Verdict }) => {
    if (verdict.kind === 'completed') stored.push(JSON.parse(verdict.resultJson ?? ''));
  });
  expect(await goflow.wait(await goflow.push('echo', 'secret'))).toBe('secret');
  expect(stored.map(isEncrypted)).toEqual([true, true]);
  expect(() => open({ encryption: { keys: {}, current: 'k' } })).toThrow('`encryption.keys`');
});

test('what was pushed and waits still is named as it was given', async () => {
  const goflow = open({ concurrency: 0 });
  await goflow.push('echo', 'secret');
  expect(await goflow.stop()).toMatchObject([{ type: 'echo', payload: 'secret' }]);
});

test('a function runs beside it, and may return what looks encrypted', async () => {
  const goflow = open({ encryption: { ...encryption, required: true } });
  const own = { '~enc': `k,${'A'.repeat(60)}` };
  expect(await goflow.run(() => own).done()).toMatchObject({ status: 'completed', value: own });
  expect(await goflow.wait(await goflow.push('echo', 'secret'))).toBe('secret');
});
