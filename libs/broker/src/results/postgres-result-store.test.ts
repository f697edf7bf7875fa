import { inspect } from 'node:util';
import { newTaskId } from '@goflow/shared';
import { findPostgresOrSkip, PostgresServer } from '@goflow/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createPostgresResultStore, type PostgresPool } from './postgres-result-store.js';

const HOUR_MS = 3_600_000;
const NO_POOL: PostgresPool = { query: () => Promise.reject(new Error('not asked')) };

// Here and not in a hook: to install it may take a minute.
const initdb = await findPostgresOrSkip();

describe.skipIf(initdb === undefined)('with Postgres', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await PostgresServer.start({ initdb });
  });
  afterAll(() => postgres.stop());

  const openPool = (config?: Parameters<PostgresServer['openPool']>[0]) => {
    const pool = postgres.openPool(config);
    onTestFinished(() => pool.end());
    return pool;
  };

  test('twenty that start at the same time make one table and one index', async () => {
    const pool = openPool({ max: 20 });
    await Promise.all(Array.from({ length: 20 }, () => pool.query('SELECT 1')));
    const store = () => createPostgresResultStore({ pool, table: 'at_once' });
    await Promise.all(Array.from({ length: 20 }, () => store().migrate()));
    const { rows } = await pool.query(
      "SELECT indexname FROM pg_indexes WHERE tablename = 'at_once' ORDER BY 1",
    );
    expect(rows).toEqual([{ indexname: 'at_once_expires_at' }, { indexname: 'at_once_pkey' }]);
  });

  test('a role that may create nothing can use what is there', async () => {
    const owner = openPool();
    await createPostgresResultStore({ pool: owner }).migrate();
    await owner.query('CREATE ROLE least LOGIN');
    await owner.query('GRANT SELECT, INSERT, UPDATE, DELETE ON goflow_results TO least');
    const store = createPostgresResultStore({ pool: openPool({ user: 'least' }) });
    await store.migrate();
    const id = newTaskId('default');
    await store.put(id, '1', HOUR_MS);
    await store.sweep();
    expect(await store.get([id])).toEqual(['1']);
  });

  test.each(['user', 'own.order', `${'s'.repeat(50)}.${'t'.repeat(50)}`])(
    'the table may be called %s',
    async (table) => {
      const pool = openPool();
      const [schema] = table.split('.');
      if (schema !== table) await pool.query(`CREATE SCHEMA "${schema}"`);
      const store = createPostgresResultStore({ pool, table });
      await store.migrate();
      await store.migrate();
      const id = newTaskId('default');
      await store.put(id, '1', HOUR_MS);
      await store.sweep();
      expect(await store.get([id])).toEqual(['1']);
    },
  );

  test("a result is kept as long as it is told, by the database's clock", async () => {
    const pool = openPool();
    const store = createPostgresResultStore({ pool });
    await store.migrate();
    const id = newTaskId('default');
    await store.put(id, '1', HOUR_MS);
    const { rows } = await pool.query(
      'SELECT extract(epoch FROM expires_at - now()) * 1000 AS left_ms FROM goflow_results WHERE id = $1',
      [id],
    );
    expect(Number(rows[0].left_ms)).toBeLessThanOrEqual(HOUR_MS);
    expect(Number(rows[0].left_ms)).toBeGreaterThan(HOUR_MS / 2);
  });

  test('without a table the error says what to do', async () => {
    const store = createPostgresResultStore({ pool: openPool(), table: 'not_there' });
    await expect(store.get([newTaskId('default')])).rejects.toMatchObject({
      code: 'RESULT_STORE_AWAY',
      message: expect.stringMatching(/relation "not_there" does not exist: call migrate\(\)/),
    });
  });

  test('a statement that hangs is given up in time', async () => {
    const pool = openPool();
    const store = createPostgresResultStore({ pool, timeout: 200 });
    await store.migrate();
    const other = await pool.connect();
    await other.query('BEGIN; LOCK TABLE goflow_results');
    await expect(store.put(newTaskId('default'), '1', HOUR_MS)).rejects.toMatchObject({
      code: 'RESULT_STORE_AWAY',
      message: 'the result store is away: Postgres gave no answer within 200 ms',
    });
    await other.query('ROLLBACK');
    other.release();
  });

  test('a sweep does not wait for a row that another is sweeping', async () => {
    const pool = openPool();
    const store = createPostgresResultStore({ pool, table: 'shared' });
    await store.migrate();
    await pool.query("INSERT INTO shared VALUES ('theirs', '1', now()), ('mine', '1', now())");
    const other = await pool.connect();
    await other.query("BEGIN; SELECT FROM shared WHERE id = 'theirs' FOR UPDATE");
    await store.sweep();
    const { rows } = await pool.query('SELECT id FROM shared');
    expect(rows).toEqual([{ id: 'theirs' }]);
    await other.query('ROLLBACK');
    other.release();
  });

  test('one sweep is bounded, and one statement of it, too', async () => {
    const pool = openPool();
    const store = createPostgresResultStore({ pool, table: 'swept' });
    await store.migrate();
    await pool.query(
      "INSERT INTO swept SELECT 'id' || n, '1', now() FROM generate_series(1, 4500) AS n",
    );
    const deleted: number[] = [];
    const counting: PostgresPool = {
      query: async (text, values) => {
        const answer = await pool.query(text, values);
        deleted.push(answer.rows.length);
        return answer;
      },
    };
    await createPostgresResultStore({ pool: counting, table: 'swept' }).sweep();
    expect(deleted).toEqual([1_000, 1_000, 1_000, 1_000, 500]);
  });
});

test('a sweep ends, even if there is always more', async () => {
  let asked = 0;
  const rows = Array.from({ length: 1_000 }, () => ({}));
  const pool: PostgresPool = {
    query: async () => {
      asked += 1;
      return { rows };
    },
  };
  await createPostgresResultStore({ pool }).sweep();
  expect(asked).toBe(1_000);
});

test('nothing secret of what the pool throws is told', async () => {
  const thrown = Object.assign(new Error('cannot reach postgres://me:secret@db:5432/x'), {
    code: 'ECONNREFUSED',
    client: { password: 'secret' },
  });
  const store = createPostgresResultStore({ pool: { query: () => Promise.reject(thrown) } });
  const error = await store.get([newTaskId('default')]).catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code: 'RESULT_STORE_AWAY',
    message: 'the result store is away: cannot reach postgres://***@db:5432/x',
    cause: { code: 'ECONNREFUSED' },
  });
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('secret');
});

const refused: readonly (readonly [options: object, option: string])[] = [
  [{ pool: undefined }, 'pool'],
  [{ pool: {} }, 'pool'],
  ...['', 'a.b.c', 'Results', '1st', 'a"b', 'a;b', 'a b', '.a', `a${'b'.repeat(50)}`, 5].map(
    (table) => [{ pool: NO_POOL, table }, 'table'] as const,
  ),
  [{ pool: NO_POOL, timeout: '5x' }, 'timeout'],
  [{ pool: NO_POOL, tabel: 'a' }, 'createPostgresResultStore options'],
];

test.each(refused)('refuses %o', (options, option) => {
  const create = createPostgresResultStore as (given: object) => unknown;
  expect(() => create(options)).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      details: expect.objectContaining({ option }),
    }),
  );
});
