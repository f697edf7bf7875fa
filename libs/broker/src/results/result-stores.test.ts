import { inspect } from 'node:util';
import { newTaskId, type ResultStore, type TaskId } from '@goflow/shared';
import {
  cleanPrefix,
  findPostgresOrSkip,
  PostgresServer,
  RedisServer,
  testPrefix,
  until,
} from '@goflow/testing';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { createRedisResultStore } from '../bullmq/redis-result-store.js';
import { createMemoryResultStore } from './memory-result-store.js';
import { createPostgresResultStore } from './postgres-result-store.js';

/** A store with nothing in it, closed when the test ends. */
interface Subject {
  readonly store: ResultStore;
  /** How many results it holds, whether their time is over or not. Asked once, at the end. */
  readonly held: () => Promise<number> | number;
}

// Here and not in a hook: to install it may take a minute.
const initdb = await findPostgresOrSkip();
let postgres: PostgresServer;

describe('memory', () => {
  storesResults(async () => {
    const store = createMemoryResultStore();
    return { store, held: () => store.size };
  });
});

describe('Redis', () => {
  storesResults(async () => {
    const [url, prefix] = [inject('redisUrl'), testPrefix()];
    const store = createRedisResultStore({ redis: url, prefix });
    onTestFinished(async () => {
      await store.close();
      await cleanPrefix(url, prefix);
    });
    return { store, held: () => cleanPrefix(url, prefix) };
  });

  isAwayAndBack(async () => {
    const server = await RedisServer.start();
    onTestFinished(() => server.stop());
    const store = createRedisResultStore({ redis: server.url, timeout: '500ms' });
    onTestFinished(() => store.close());
    return { store, down: () => server.kill9(), up: () => server.restart() };
  });
});

describe.skipIf(initdb === undefined)('Postgres', () => {
  beforeAll(async () => {
    postgres = await PostgresServer.start({ initdb });
  });
  afterAll(() => postgres.stop());

  storesResults(async () => {
    const pool = postgres.openPool();
    onTestFinished(() => pool.end());
    const store = createPostgresResultStore({ pool });
    await store.migrate();
    await pool.query('TRUNCATE goflow_results');
    const held = async () => {
      const { rows } = await pool.query('SELECT count(*)::int AS held FROM goflow_results');
      return rows[0].held as number;
    };
    return { store, held };
  });

  isAwayAndBack(async () => {
    const pool = postgres.openPool();
    onTestFinished(() => pool.end());
    const store = createPostgresResultStore({ pool, timeout: '500ms' });
    await store.migrate();
    return { store, down: () => postgres.kill(), up: () => postgres.restart() };
  });
});

const HOUR_MS = 3_600_000;
const newIds = (count: number, queue = 'default'): TaskId[] =>
  Array.from({ length: count }, () => newTaskId(queue));

/** What every store does. */
function storesResults(open: () => Promise<Subject>): void {
  test('gives what was put, in the order of the ids, with gaps where there is nothing', async () => {
    const { store } = await open();
    const [a, b, c] = [newTaskId('default'), newTaskId('images'), newTaskId('default')];
    await store.put(a, '"a"', HOUR_MS);
    await store.put(b, '"b"', HOUR_MS);
    expect(await store.get([b, c, a, b])).toEqual(['"b"', undefined, '"a"', '"b"']);
    expect(await store.get([])).toEqual([]);
  });

  test('a second put replaces the first, and its time', async () => {
    const { store } = await open();
    const [id = ''] = newIds(1);
    await store.put(id, '1', 1);
    await store.put(id, '2', HOUR_MS);
    expect(await store.get([id])).toEqual(['2']);
    await store.put(id, '3', 1);
    await until(async () => (await store.get([id]))[0] === undefined, { what: 'its end' });
  });

  test.each([
    ['Unicode', '{"key":"żółć 漢字 🦊 \u2028","nul":"\\u0000","half":"\\ud83e"}'],
    ['spaces, order and numbers as they are written', '{ "b":1.0, "a" : 1e2,\t"b":2 }'],
    ['an empty string, null', '["",null]'],
    ['5 MB', JSON.stringify('ö'.repeat(2_500_000))],
  ])('keeps byte for byte: %s', async (_what, json) => {
    const { store } = await open();
    const [id = ''] = newIds(1);
    await store.put(id, json, HOUR_MS);
    expect((await store.get([id]))[0] === json).toBe(true);
  });

  test('gives nothing once its time is over; others stay', async () => {
    const { store } = await open();
    const [short = '', long = ''] = newIds(2);
    await store.put(long, '"long"', HOUR_MS);
    await store.put(short, '"short"', 50);
    await until(async () => (await store.get([short]))[0] === undefined, { what: 'its end' });
    expect(await store.get([short, long])).toEqual([undefined, '"long"']);
  });

  test('frees what is past its time in one sweep, or by itself, and nothing else', async () => {
    const { store, held } = await open();
    const [kept = '', ...over] = newIds(2_501);
    await store.put(kept, '1', HOUR_MS);
    // Not all at once: on a busy machine the last would wait longer than a store waits.
    for (let at = 0; at < over.length; at += 250)
      await Promise.all(over.slice(at, at + 250).map((id) => store.put(id, '1', 1)));
    const areOver = async () => (await store.get(over)).every((result) => result === undefined);
    await until(areOver, { what: 'their time to be over' });
    await sweep(store);
    expect(await held()).toBe(1);
  });

  test('many sweep at the same time, while results come in', async () => {
    const { store, held } = await open();
    const ids = newIds(3_000);
    await Promise.all([
      ...ids.map((id, index) => store.put(id, '1', index % 2 === 0 ? 1 : HOUR_MS)),
      ...Array.from({ length: 8 }, () => sweep(store)),
    ]);
    const lasting = ids.filter((_, index) => index % 2 === 1);
    const over = ids.filter((_, index) => index % 2 === 0);
    await until(async () => (await store.get(over)).every((it) => it === undefined), {
      what: 'their time to be over',
    });
    await Promise.all(Array.from({ length: 8 }, () => sweep(store)));
    expect((await store.get(lasting)).every((result) => result === '1')).toBe(true);
    expect(await held()).toBe(1_500);
  });

  test('gives 5,000 results of several queues in one call', async () => {
    const { store } = await open();
    const ids = ['default', 'images', 'mail'].flatMap((queue) => newIds(1_667, queue)).slice(1);
    await Promise.all(ids.map((id, index) => store.put(id, `${index}`, HOUR_MS)));
    const asked = [...ids].reverse();
    expect(await store.get(asked)).toEqual(ids.map((_, index) => `${index}`).reverse());
  });

  test('puts at the same time all succeed; of those for one id, one stays, whole', async () => {
    const { store } = await open();
    const [same = '', ...others] = newIds(101);
    const json = (index: number) => JSON.stringify(`${index}`.repeat(1_000));
    await Promise.all(
      others.flatMap((id, index) => [
        store.put(same, json(index), HOUR_MS),
        store.put(id, json(index), HOUR_MS),
      ]),
    );
    expect(await store.get(others)).toEqual(others.map((_, index) => json(index)));
    expect(others.map((_, index) => json(index))).toContain((await store.get([same]))[0]);
  });

  test('what is no id has no result, and cannot be given one', async () => {
    const { store } = await open();
    const [id = ''] = newIds(1);
    await store.put(id, '1', HOUR_MS);
    const none = ['', 'nonsense', 'a:b', '\u0000', `${id}\u0000`, "'; DROP TABLE goflow_results"];
    expect(await store.get([...none, id])).toEqual([...none.map(() => undefined), '1']);
    for (const wrong of none)
      await expect(store.put(wrong, '1', 1)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  test.each([0, -1, 1.5, Number.NaN, 367 * 86_400_000, '1h'])(
    'refuses to keep for %s ms',
    async (ttlMs) => {
      const { store } = await open();
      const put = store.put(newTaskId('default'), '1', ttlMs as number);
      await expect(put).rejects.toMatchObject({
        code: 'OPTION_INVALID',
        details: { option: 'ttlMs' },
      });
    },
  );
}

/** Sweeps where that is needed. */
async function sweep(store: ResultStore): Promise<void> {
  await store.sweep?.();
}

/** A store whose server can be ended and started again. */
interface Mortal {
  readonly store: ResultStore;
  readonly down: () => Promise<void>;
  readonly up: () => Promise<void>;
}

/** What every store does whose server can go away. Memory cannot. */
function isAwayAndBack(open: () => Promise<Mortal>): void {
  test('says RESULT_STORE_AWAY while its server is down, in time, and works when it is back', async () => {
    const { store, down, up } = await open();
    const [id = ''] = newIds(1);
    await store.put(id, '1', HOUR_MS);
    await down();
    const began = performance.now();
    for (const call of [() => store.put(id, '2', HOUR_MS), () => store.get([id])]) {
      const error = await call().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'RESULT_STORE_AWAY', retryable: true });
      // No more than these: clients' errors hold whole commands and configurations.
      for (const key of Object.keys((error as Error).cause as Error))
        expect(['code', 'name']).toContain(key);
      expect(inspect(error)).toMatch(/ECONN|Connection|terminat/i);
    }
    // 500 ms each.
    expect(performance.now() - began).toBeLessThan(5_000);
    await up();
    await until(() => store.put(id, '3', HOUR_MS).then(() => true), { what: 'a put to succeed' });
    expect(await store.get([id])).toEqual(['3']);
  });
}
