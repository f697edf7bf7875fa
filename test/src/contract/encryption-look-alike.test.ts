import { randomBytes } from 'node:crypto';
import { defineTasks } from '@goflow/sdk';
import { NonRetryableError } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokers, onBothBrokersAndInChunks } from './worlds.js';

const tasks = defineTasks({ fail: { payload: z.unknown(), result: z.unknown() } });

const handlers = {
  fail: (): never => {
    throw new NonRetryableError('refused');
  },
};

const encryption = { keys: { k1: randomBytes(32) }, current: 'k1' };
/** Somebody's own value, in an envelope of version 1. */
const LOOKS = { '~enc': `k1,${'A'.repeat(60)}` };

onBothBrokersAndInChunks((open) => {
  test.each([
    ['without keys', {}],
    ['with keys', { encryption }],
  ])(
    'a plain payload that looks encrypted is shown, found and edited: %s',
    async (_what, options) => {
      const world = open();
      const worker = await world.worker(tasks, handlers);
      const plain = world.client(tasks);
      const id = await plain.push('fail', LOOKS);
      await plain.waitAll([id]);
      await worker.stop();
      const { inspector } = world.client(tasks, options);
      expect(await inspector.get(id)).toMatchObject({ payload: LOOKS });
      expect((await inspector.list({ text: LOOKS['~enc'] })).tasks).toMatchObject([{ id }]);
      const given: unknown[] = [];
      const payload = (one: unknown): unknown => {
        given.push(one);
        return 'edited';
      };
      expect(await inspector.deadLetters.redriveAll({}, { payload })).toMatchObject({
        redriven: 1,
      });
      expect(given).toEqual([LOOKS]);
      expect(await inspector.get(id)).toMatchObject({ payload: 'edited' });
    },
  );
});

onBothBrokers((open) => {
  test('an id of the caller: it is compared as it lies there', async () => {
    const world = open();
    const [plain, goflow] = [world.client(tasks), world.client(tasks, { encryption })];
    const first = await plain.pushOnce('fail', LOOKS, { id: 'own' });
    const same = { id: first.id, deduplicated: true };
    for (const client of [plain, goflow]) {
      expect(await client.pushOnce('fail', LOOKS, { id: 'own' })).toEqual(same);
      await expect(client.push('fail', { other: 1 }, { id: 'own' })).rejects.toMatchObject({
        code: 'TASK_ID_TAKEN',
      });
    }
    await plain.push('fail', { n: 1 }, { id: 'other' });
    for (const client of [plain, goflow])
      await expect(client.push('fail', LOOKS, { id: 'other' })).rejects.toMatchObject({
        code: 'TASK_ID_TAKEN',
      });
  });
});
