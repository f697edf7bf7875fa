import { randomBytes } from 'node:crypto';
import { defineTasks, type EncryptionOptions } from '@goflow/sdk';
import { NonRetryableError } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokersAndInChunks, type World } from './worlds.js';

const tasks = defineTasks({
  echo: { payload: z.unknown(), result: z.unknown() },
  fail: { payload: z.looseObject({}), result: z.unknown(), maxAttempts: 1 },
});

const handlers = {
  echo: (payload: unknown) => payload,
  fail: (): never => {
    throw new NonRetryableError('refused');
  },
};

const encryption = { keys: { k1: randomBytes(32) }, current: 'k1' };
const OTHER = { keys: { k2: randomBytes(32) }, current: 'k2' };
const SAME_ID = { keys: { k1: randomBytes(32) }, current: 'k1' };

const OTHERS: [string, EncryptionOptions | undefined, string][] = [
  ['no key', undefined, 'KEY_MISSING'],
  ['another key', OTHER, 'KEY_MISSING'],
  ['a wrong key of the same id', SAME_ID, 'ENVELOPE_UNREADABLE'],
];

/** Two tasks whose results lie there encrypted, and a client that can read only those that are not. */
async function openSealed(world: World) {
  await world.worker(tasks, handlers, { encryption });
  const goflow = world.client(tasks, { encryption });
  const ids = [await goflow.push('echo', 1), await goflow.push('echo', 2)];
  await goflow.waitAll(ids);
  return { ids, other: world.client(tasks) };
}

onBothBrokersAndInChunks((open) => {
  test.each(OTHERS)('payloads that cannot be read are not edited: %s', async (_what, key, code) => {
    const world = open();
    await world.worker(tasks, handlers, { encryption });
    const goflow = world.client(tasks, { encryption });
    const payload = { to: 'ann' };
    const id = await goflow.push('fail', payload);
    await goflow.waitAll([id]);
    const given: unknown[] = [];
    const edit = (one: unknown): object => {
      given.push(one);
      return { to: 'edited' };
    };
    const { deadLetters } = world.client(tasks, { encryption: key }).inspector;
    const report = await deadLetters.redriveAll({}, { payload: edit });
    expect(report).toMatchObject({ redriven: 0, failedCount: 1, complete: true });
    expect(report.failed).toMatchObject([{ id, error: { code } }]);
    expect(given).toEqual([]);
    expect(await goflow.inspector.get(id)).toMatchObject({ status: 'failed', payload });
  });

  test('with the key they are edited as they were pushed', async () => {
    const world = open();
    const worker = await world.worker(tasks, handlers, { encryption });
    const goflow = world.client(tasks, { encryption });
    const id = await goflow.push('fail', { to: 'ann' });
    await goflow.waitAll([id]);
    await worker.stop();
    const payload = (one: unknown): object => ({ ...(one as object), edited: true });
    expect(await goflow.inspector.deadLetters.redriveAll({}, { payload })).toMatchObject({
      redriven: 1,
    });
    expect(await goflow.inspector.get(id)).toMatchObject({
      payload: { to: 'ann', edited: true },
    });
  });

  test('map: a result without its key is the error of its item, and the map goes on', async () => {
    const world = open();
    await world.worker(tasks, handlers, { encryption });
    const other = world.client(tasks);
    const given = [];
    for await (const outcome of other.map('echo', ['a', 'b', 'c'], { ordered: true }))
      given.push(outcome);
    expect(given).toMatchObject(
      ['a', 'b', 'c'].map((payload, index) => ({
        index,
        payload,
        id: expect.any(String),
        error: { code: 'KEY_MISSING', details: { keyId: 'k1' } },
      })),
    );
  });

  test('map: a result that was encrypted with a wrong key is one that failed', async () => {
    const world = open();
    await world.worker(tasks, handlers, { encryption: SAME_ID });
    const other = world.client(tasks, { encryption: { ...encryption, current: null } });
    const given = [];
    for await (const { result } of other.map('echo', ['a', 'b'])) given.push(result);
    const result = { status: 'failed', failure: { code: 'ENVELOPE_UNREADABLE' } };
    expect(given).toMatchObject([result, result]);
  });

  test('waitAll, asCompleted, waitAny: it is told as failed, and the others are told, too', async () => {
    const { ids, other } = await openSealed(open());
    const missing = {
      type: 'echo',
      status: 'failed',
      attempts: 1,
      finishedAt: expect.any(Date),
      failure: { code: 'KEY_MISSING', details: { keyId: 'k1' } },
    };
    const unknown = 'default:AAAAAAAAAAAAAAAAAAAAAA' as (typeof ids)[number];
    const all = [ids[0], unknown, ids[1]] as typeof ids;
    expect(await other.waitAll(all)).toMatchObject([
      { ...missing, id: ids[0] },
      { status: 'unknown', id: unknown },
      { ...missing, id: ids[1] },
    ]);
    const ended = [];
    for await (const { id } of other.asCompleted(all)) ended.push(id);
    expect(new Set(ended)).toEqual(new Set(all));
    expect(await other.waitAny(ids)).toMatchObject(missing);
  });
});
