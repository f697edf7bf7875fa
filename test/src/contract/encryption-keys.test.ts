import { randomBytes } from 'node:crypto';
import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { NonRetryableError } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokers, onBothBrokersAndInChunks } from './worlds.js';

const tasks = defineTasks({
  echo: { payload: z.unknown(), result: z.unknown() },
  fail: { payload: z.string(), result: z.string() },
});

const handlers = {
  echo: (payload: unknown) => payload,
  fail: (payload: string): string => {
    throw new NonRetryableError(`refused ${payload}`);
  },
};

const [k1, k2] = [randomBytes(32), randomBytes(32)];
const OLD = { keys: { k1 }, current: 'k1' };
const BOTH = { keys: { k1, k2 }, current: 'k1' };
const TURNED = { keys: { k1, k2 }, current: 'k2' };
const NEW = { keys: { k2 }, current: 'k2' };
const READER = { keys: { k1, k2 }, current: null };

const missing = { code: 'KEY_MISSING', details: { keyId: 'k1' } };

onBothBrokersAndInChunks((open) => {
  test('keys are rotated while tasks wait and results are kept', async () => {
    const world = open();
    const old = world.client(tasks, { encryption: OLD });
    const waiting = await old.push('echo', 'with the old key');
    const worker = await world.worker(tasks, handlers, { encryption: BOTH });
    expect(await old.wait(waiting)).toBe('with the old key');
    await worker.stop();
    const both = world.client(tasks, { encryption: BOTH });
    const turned = world.client(tasks, { encryption: TURNED });
    await world.worker(tasks, handlers, { encryption: TURNED });
    const ids = [await both.push('echo', 1), await turned.push('echo', 2)];
    for (const client of [both, turned])
      expect(await client.waitAll(ids)).toMatchObject([{ value: 1 }, { value: 2 }]);
    expect(await turned.wait(waiting)).toBe('with the old key');
    await expect(world.client(tasks, { encryption: NEW }).wait(waiting)).rejects.toMatchObject(
      missing,
    );
  });

  test('a worker without the key hands the task back, and one that has it runs it', async () => {
    const world = open();
    const goflow = world.client(tasks, { encryption: OLD });
    const reasons: string[] = [];
    for (const encryption of [undefined, NEW]) {
      const worker = await world.worker(tasks, handlers, { encryption });
      worker.on('task:finished', ({ verdict }) => {
        reasons.push(verdict.kind === 'handed-back' ? verdict.reason : verdict.kind);
      });
    }
    const id = await goflow.push('echo', 'secret');
    await until(() => reasons.length > 1, { what: 'it to be handed back twice' });
    // It may be on its way out again.
    const status = expect.stringMatching(/^(?:delayed|waiting|active)$/) as string;
    const found = await goflow.status(id);
    expect(found).toMatchObject({ status, attempts: 0 });
    const ended = 'history' in found && found.history.filter(({ endedAt }) => endedAt);
    expect(ended).toEqual([]);
    expect(new Set(reasons)).toEqual(new Set(['key-missing']));
    await world.worker(tasks, handlers, { encryption: BOTH });
    expect(await goflow.wait(id)).toBe('secret');
    expect(await goflow.getResult(id)).toMatchObject({ attempts: 1 });
  });

  test('a client without the key is told which it needs; all but the values it can see', async () => {
    const world = open();
    await world.worker(tasks, handlers, { encryption: OLD });
    const goflow = world.client(tasks, { encryption: OLD });
    const [id, failed] = [await goflow.push('echo', 'secret'), await goflow.push('fail', 'secret')];
    await goflow.waitAll([id, failed]);
    for (const options of [{}, { encryption: NEW }]) {
      const other = world.client(tasks, options);
      await expect(other.getResult(id)).rejects.toMatchObject(missing);
      await expect(other.wait(id)).rejects.toMatchObject(missing);
      expect(await other.status(id)).toMatchObject({ status: 'completed', attempts: 1 });
      expect(await other.inspector.get(id)).toMatchObject({
        payload: '(encrypted)',
        result: '(encrypted)',
      });
      const failure = { name: 'NonRetryableError', message: '(encrypted)', code: 'NON_RETRYABLE' };
      expect(await other.getResult(failed)).toMatchObject({ status: 'failed' });
      for (const answer of [await other.status(failed), await other.inspector.get(failed)])
        expect(answer).toHaveProperty('failure', failure);
      await expect(other.wait(failed)).rejects.toMatchObject({ code: 'TASK_FAILED', failure });
      expect((await other.inspector.list({ text: 'secret' })).tasks).toEqual([]);
    }
  });

  test('plain ones are still read; where encryption is required, plain payloads are dead letters', async () => {
    const world = open();
    const plain = world.client(tasks);
    const goflow = world.client(tasks, { encryption: OLD });
    const worker = await world.worker(tasks, handlers, { encryption: OLD });
    const id = await plain.push('echo', 'plain');
    expect(await goflow.wait(id)).toBe('plain');
    await expect(plain.wait(id)).rejects.toMatchObject(missing);
    await worker.stop();
    await world.worker(tasks, handlers, { encryption: { ...OLD, required: true } });
    expect(await goflow.wait(await goflow.push('echo', 'encrypted'))).toBe('encrypted');
    for (const payload of [
      'plain',
      { '~enc': { '~enc': 1 } },
      { '~enc': `k1,${'A'.repeat(60)}` },
    ]) {
      const refused = await plain.push('echo', payload);
      await goflow.waitAll([refused]);
      expect(await goflow.getResult(refused)).toMatchObject({
        status: 'failed',
        attempts: 0,
        failure: { code: 'ENVELOPE_UNREADABLE' },
      });
    }
  });

  test('`current: null` reads and encrypts nothing', async () => {
    const world = open();
    const [reader, plain] = [world.client(tasks, { encryption: READER }), world.client(tasks)];
    const worker = await world.worker(tasks, handlers, { encryption: READER });
    const id = await reader.push('echo', 'readable');
    expect(await plain.wait(id)).toBe('readable');
    expect(await plain.inspector.get(id)).toMatchObject({ payload: 'readable' });
    const encrypted = await world.client(tasks, { encryption: OLD }).push('echo', 'secret');
    expect(await plain.wait(encrypted)).toBe('secret');
    await worker.stop();
    await world.worker(tasks, handlers, { encryption: OLD });
    expect(await reader.wait(await plain.push('echo', 'x'))).toBe('x');
  });
});

onBothBrokers((open) => {
  test('an id of the caller: the same payload is the same task, whatever the key and the order', async () => {
    const world = open();
    const [goflow, turned] = [OLD, TURNED].map((encryption) => world.client(tasks, { encryption }));
    const options = { id: 'order' };
    const first = await goflow?.pushOnce('echo', { a: 1, b: 2 }, options);
    for (const client of [goflow, turned]) {
      expect(await client?.pushOnce('echo', { b: 2, a: 1 }, options)).toEqual({
        id: first?.id,
        deduplicated: true,
      });
      await expect(client?.push('echo', { a: 1, b: 3 }, options)).rejects.toMatchObject({
        code: 'TASK_ID_TAKEN',
      });
    }
    await expect(world.client(tasks).push('echo', { a: 1, b: 2 }, options)).rejects.toMatchObject(
      missing,
    );
    await expect(turned?.pushMany('echo', [{ b: 2, a: 1 }], options)).resolves.toEqual([first?.id]);
    const plain = await world.client(tasks).pushOnce('echo', 'plain', { id: 'plain' });
    expect(await goflow?.pushOnce('echo', 'plain', { id: 'plain' })).toEqual({
      id: plain.id,
      deduplicated: true,
    });
  });

  test('debounce: the last payload wins, and the first id stays, encrypted or not', async () => {
    const world = open();
    const [encrypting, plain] = [world.client(tasks, { encryption: OLD }), world.client(tasks)];
    // In an envelope of version 1 this is somebody's own value.
    const looks = { '~enc': `k1,${'A'.repeat(60)}` };
    const pairs = [
      [encrypting, encrypting],
      [encrypting, plain],
      [plain, encrypting],
    ] as const;
    const ids = await Promise.all(
      pairs.map(async ([first, last], index) => {
        const options = {
          deduplicationKey: `${index}`,
          deduplicationWindow: { debounce: '3s' },
          startBy: '1h',
        } as const;
        const id = await first.push('echo', 'first', options);
        expect(await last.pushOnce('echo', looks, options)).toEqual({ id, deduplicated: true });
        return id;
      }),
    );
    await world.worker(tasks, handlers, { encryption: OLD });
    const results = await encrypting.waitAll(ids);
    for (const result of results) expect(result).toMatchObject({ value: looks });
  });

  test('deduplicationKey: the first wins, and keeps its payload', async () => {
    const world = open();
    const goflow = world.client(tasks, { encryption: OLD });
    const options = { deduplicationKey: 'k', delay: '50ms' } as const;
    const first = await goflow.pushOnce('echo', 'first', options);
    const second = await goflow.pushOnce('echo', 'second', options);
    expect(second).toEqual({ id: first.id, deduplicated: true });
    await world.worker(tasks, handlers, { encryption: OLD });
    expect(await goflow.wait(first.id)).toBe('first');
  });
});
