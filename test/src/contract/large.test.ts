import { randomBytes } from 'node:crypto';
import { createMemoryResultStore } from '@goflow/broker';
import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import type { Worker } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokers, onBothBrokersAndInChunks } from './worlds.js';

const anything = z.json();
const tasks = defineTasks({ echo: { payload: anything, result: anything, maxAttempts: 1 } });
const handlers = { echo: (payload: z.infer<typeof anything>) => payload };
const COMPRESSED = { compressAbove: 1_000 };
const LIMIT = 1024 * 1024;

/** JSON as most is, of about so many bytes, but no more. */
function records(bytes: number) {
  const made: { id: number; email: string; at: string }[] = [];
  for (let length = 2, id = 1; ; id += 1) {
    const one = { id, email: `user${id * 7}@example.com`, at: new Date(id * 9_876_543).toJSON() };
    length += JSON.stringify(one).length + 1;
    if (length > bytes) return made;
    made.push(one);
  }
}

/** What nothing makes smaller. */
const noise = (bytes: number): string =>
  randomBytes(Math.ceil((bytes * 3) / 4))
    .toString('base64')
    .slice(0, bytes - 2);

const isCompressed = (stored: unknown): boolean => JSON.stringify(stored).startsWith('{"~gz":"');

/** What lies in the queue for payloads and results, by the order in which tasks begin and end. */
function stored(worker: Worker) {
  const payloads: unknown[] = [];
  const results: unknown[] = [];
  worker.on('task:started', ({ task }) => payloads.push(task.payload));
  worker.on('task:finished', ({ verdict }) => {
    if (verdict.kind === 'completed') results.push(JSON.parse(verdict.resultJson ?? ''));
  });
  return { payloads, results };
}

onBothBrokersAndInChunks((open) => {
  test.each([1_000, 10_000, 100_000, LIMIT])(
    'payloads and results of %d bytes come back the same, compressed or not',
    async (bytes) => {
      for (const options of [{}, COMPRESSED]) {
        const world = open();
        const goflow = world.client(tasks, options);
        const worker = await world.worker(tasks, handlers, options);
        const { payloads, results } = stored(worker);
        const given = [records(bytes), noise(bytes)];
        for (const one of given)
          expect(await goflow.wait(await goflow.push('echo', one))).toEqual(one);
        await until(() => results.length === 2, { what: 'both outcomes to be told' });
        const isWorthIt = options === COMPRESSED && bytes > 1_000;
        expect(payloads.map(isCompressed)).toEqual([isWorthIt, false]);
        expect(results.map(isCompressed)).toEqual([isWorthIt, false]);
        await worker.stop();
      }
    },
  );

  test('what looks compressed and is one’s own comes back the same', async () => {
    const world = open();
    const given = [
      { '~gz': 'hello' },
      { '~gz': '5,AAAA' },
      { '~gz': { '~gz': { '~gz': null } } },
      { '~gz': 'x'.repeat(5_000) },
      { a: 1, '~gz': '5,AAAA' },
    ];
    for (const options of [{}, COMPRESSED]) {
      const goflow = world.client(tasks, options);
      const worker = await world.worker(tasks, handlers, options);
      const ids = await goflow.pushMany('echo', given);
      expect(await goflow.waitAll(ids)).toMatchObject(given.map((value) => ({ value })));
      expect(await goflow.inspector.get(ids[2] ?? '')).toMatchObject({
        payload: given[2],
        result: given[2],
      });
      await worker.stop();
    }
  });

  test('who does not compress reads what others compressed, and the other way round', async () => {
    const world = open();
    const [plain, compressing] = [world.client(tasks), world.client(tasks, COMPRESSED)];
    const given = records(300_000);
    for (const options of [COMPRESSED, {}]) {
      const worker = await world.worker(tasks, handlers, options);
      const { payloads, results } = stored(worker);
      const ids = [await plain.push('echo', given), await compressing.push('echo', given)];
      for (const goflow of [plain, compressing])
        for (const { status, ...rest } of await goflow.waitAll(ids))
          expect([status, 'value' in rest && rest.value]).toEqual(['completed', given]);
      for (const id of ids)
        expect(await plain.getResult(id)).toMatchObject({ status: 'completed', value: given });
      await until(() => results.length === 2, { what: 'both outcomes to be told' });
      expect(payloads.filter(isCompressed)).toHaveLength(1);
      expect(results.filter(isCompressed)).toHaveLength(options === COMPRESSED ? 2 : 0);
      await worker.stop();
    }
  });

  test('a result store is given what is compressed, and gives it back as it was', async () => {
    const world = open();
    const resultStore = createMemoryResultStore();
    const goflow = world.client(tasks, { resultStore });
    await world.worker(tasks, handlers, { resultStore, storeResultsAbove: 8_000, ...COMPRESSED });
    const given = [records(500), records(10_000), noise(10_000), records(200_000)];
    const ids = await goflow.pushMany('echo', given);
    expect(await goflow.waitAll(ids)).toMatchObject(given.map((value) => ({ value })));
    const kept = await resultStore.get(ids);
    // The second is small enough when it is compressed.
    expect(kept.map((json) => json?.slice(0, 7))).toEqual([
      undefined,
      undefined,
      expect.stringMatching(/^"/),
      '{"~gz":',
    ]);
  });

  test('limits count what payloads and results are, not what is stored', async () => {
    const world = open();
    const limits = { payloadLimit: 20_000, ...COMPRESSED };
    const goflow = world.client(tasks, limits);
    await world.worker(tasks, handlers, { resultLimit: 10_000, ...COMPRESSED });
    const tooLarge = goflow.push('echo', 'x'.repeat(20_000));
    await expect(tooLarge).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    const id = await goflow.push('echo', 'x'.repeat(15_000));
    await expect(goflow.wait(id)).rejects.toMatchObject({ failure: { code: 'RESULT_TOO_LARGE' } });
  });
});

onBothBrokers((open) => {
  test('in a chunk each payload and each result is compressed for itself', async () => {
    const world = open();
    const goflow = world.client(tasks, COMPRESSED);
    const { payloads, results } = stored(await world.worker(tasks, handlers, COMPRESSED));
    const given = Array.from({ length: 30 }, (_, index) => records(index % 3 ? 300 : 100_000));
    const ids = await goflow.pushMany('echo', given, { chunk: 10 });
    expect(await goflow.waitAll(ids)).toMatchObject(given.map((value) => ({ value })));
    await until(() => results.length === 30, { what: 'all outcomes to be told' });
    expect(payloads.filter(isCompressed)).toHaveLength(10);
    expect(results.filter(isCompressed)).toHaveLength(10);
    const [third = ''] = ids.slice(3);
    expect(await goflow.inspector.get(third)).toMatchObject({
      payload: given[3],
      result: given[3],
    });
    const outcomes = new Map<number, unknown>();
    for await (const { index, result } of goflow.map('echo', given, { chunk: 10 }))
      outcomes.set(index, result?.status === 'completed' && result.value);
    expect(given.map((_, index) => outcomes.get(index))).toEqual(given);
  });

  test('an own id is the same task however its payload was compressed, and not with another payload', async () => {
    const world = open();
    const [plain, compressing] = [world.client(tasks), world.client(tasks, COMPRESSED)];
    const [given, other] = [records(20_000), records(21_000)];
    for (const [id, first, second] of [
      ['one', plain, compressing],
      ['two', compressing, plain],
    ] as const) {
      const pushed = await first.pushOnce('echo', given, { id });
      const again = { id: pushed.id, deduplicated: true };
      for (const goflow of [first, second]) {
        expect(await goflow.pushOnce('echo', given, { id })).toEqual(again);
        expect(await goflow.pushMany('echo', [given], { id })).toEqual([pushed.id]);
        const another = goflow.push('echo', other, { id });
        await expect(another).rejects.toMatchObject({ code: 'TASK_ID_TAKEN' });
      }
    }
  });

  test('a dead letter with a compressed payload is shown, found, and run again with it or another', async () => {
    const world = open();
    const goflow = world.client(tasks, COMPRESSED);
    let isBroken = true;
    const { payloads } = stored(
      await world.worker(tasks, {
        echo: (payload) => {
          if (isBroken) throw new Error('broken');
          return payload;
        },
      }),
    );
    const given = { to: 'ann', lines: records(20_000) };
    const ids = await goflow.pushMany('echo', [given, given, given]);
    await goflow.waitAll(ids);
    isBroken = false;
    const { deadLetters } = goflow.inspector;
    expect((await deadLetters.list({ text: '"to":"ann"' })).tasks).toHaveLength(3);
    const [as = '', other = '', edited = ''] = ids;
    expect(await goflow.inspector.get(as)).toMatchObject({ payload: given });
    await deadLetters.redrive(as);
    await deadLetters.redrive(other, { payload: { ...given, to: 'bob' } });
    await deadLetters.redriveAll({}, { payload: (payload) => ({ ...Object(payload), to: 'cid' }) });
    const results = [as, other, edited].map((id) => goflow.wait(id));
    expect(await Promise.all(results)).toEqual(
      ['ann', 'bob', 'cid'].map((to) => ({ ...given, to })),
    );
    expect(payloads.every(isCompressed)).toBe(true);
  });
});
