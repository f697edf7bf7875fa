import { createMemoryBroker } from '@goflow/broker/memory';
import { expect, onTestFinished, test } from 'vitest';
import { createGoflow } from './create-goflow.js';
import { tasks } from './recording-broker.test-d.js';

test('many payloads are encrypted slice by slice: the event loop has its turns between them', async () => {
  const encryption = { keys: { k1: Buffer.alloc(32, 7) }, current: 'k1' };
  const broker = createMemoryBroker().openClient();
  const goflow = createGoflow({ tasks, broker, encryption });
  onTestFinished(() => goflow.close());
  let [turns, isOver] = [0, false];
  const count = (): void => {
    if (isOver) return;
    turns += 1;
    setImmediate(count);
  };
  setImmediate(count);
  const ids = await goflow.pushMany('plain', Array<string>(5_000).fill('x'), { chunk: 100 });
  isOver = true;
  expect(turns).toBeGreaterThanOrEqual(4);
  expect(new Set(ids).size).toBe(5_000);
  expect(await goflow.counts()).toMatchObject({ waiting: 5_000 });
});
