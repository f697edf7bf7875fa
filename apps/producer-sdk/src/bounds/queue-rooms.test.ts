import { createMemoryBroker } from '@goflow/broker/memory';
import { newTaskId } from '@goflow/shared';
import { expect, onTestFinished, test } from 'vitest';
import type { SentChunk } from '../chunk-sender.js';
import { createGoflow } from '../create-goflow.js';
import { tasks } from '../recording-broker.test-d.js';
import { QueueRooms } from './queue-rooms.js';

// More than fit on the stack as arguments of one call.
const VERY_MANY = 150_000;

function openBroker() {
  const broker = createMemoryBroker().openClient();
  onTestFinished(() => broker.close());
  return broker;
}

test('very many tasks get in at once', async () => {
  const goflow = createGoflow({ tasks, broker: openBroker(), maxDepth: 1_000_000 });
  onTestFinished(() => goflow.close());
  const ids = await goflow.pushMany('plain', Array<string>(VERY_MANY).fill('x'));
  expect(new Set(ids).size).toBe(VERY_MANY);
  expect(await goflow.counts()).toMatchObject({ waiting: VERY_MANY });
});

test('very many chunks get in at once', async () => {
  const rooms = new QueueRooms({
    maxDepths: new Map([['default', 1_000_000]]),
    broker: openBroker(),
    waitsWhenFull: false,
    timeoutMs: 1_000,
  });
  const send = async (chunks: readonly (readonly string[])[]): Promise<readonly SentChunk[]> =>
    chunks.map(({ length }) => ({ id: newTaskId('default'), size: length, error: undefined }));
  const chunks = Array<string[]>(VERY_MANY).fill(['"x"']);
  expect(await rooms.sendChunks(chunks, 'default', send)).toHaveLength(VERY_MANY);
});
