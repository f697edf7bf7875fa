import {
  checkKnown,
  invalidOption,
  parseTaskId,
  type ResultStore,
  type TaskId,
} from '@goflow/shared';
import { type PostgresStatements, statementsFor } from './postgres-statements.js';
import { checkKept, resultStoreAway, storeTimeoutMs } from './store-rules.js';

/** What goflow needs of a Postgres client: a `Pool` of `pg`, or anything with its `query`. */
export interface PostgresPool {
  /** Runs one statement; `values` stand for `$1`, `$2` … in it. */
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** Options of {@link createPostgresResultStore}. */
export interface PostgresResultStoreOptions {
  /** Of the caller's own: goflow uses it and never closes it. Listen to its `error` event, as `pg` advises. */
  readonly pool: PostgresPool;
  /**
   * `name` or `schema.name`: lower-case letters, digits and `_`, not beginning with a digit, at most 50 characters each.
   * @default 'goflow_results'
   */
  readonly table?: string | undefined;
  /**
   * The longest that one call may take. '10ms' to '10m'. A statement given up on goes on and keeps its connection, unless the pool
   * has a `statement_timeout`. @default '5s'
   */
  readonly timeout?: unknown;
}

/** Results in a table of Postgres. */
export interface PostgresResultStore extends ResultStore {
  /**
   * Makes the table and its index where they are not there; safe when many processes call it at once. Where they are there it
   * needs no right to make any. @throws RESULT_STORE_AWAY
   */
  migrate(): Promise<void>;
  /**
   * Deletes rows whose time is over, 1,000 at a time, at most 1,000,000 in one call. Many processes may do so at once.
   * @throws RESULT_STORE_AWAY
   */
  sweep(): Promise<void>;
}

/**
 * Keeps results in Postgres 9.6 or later, in a database of encoding UTF8: one row a result, kept byte for byte. The clock is the
 * database's. Call `migrate()` once, before the first task.
 *
 * @throws OPTION_INVALID
 */
export function createPostgresResultStore(
  options: PostgresResultStoreOptions,
): PostgresResultStore {
  checkKnown('createPostgresResultStore options', options, ['pool', 'table', 'timeout']);
  const { pool, table = 'goflow_results' } = options;
  if (typeof pool?.query !== 'function')
    throw invalidOption('pool', 'a Pool of `pg`, or anything with its `query`', pool);
  return new PostgresStore(pool, statementsFor(table), storeTimeoutMs(options.timeout));
}

const MAX_SWEEPS = 1_000;
/** Postgres' code for a table that is not there. */
const UNDEFINED_TABLE = '42P01';

class PostgresStore implements PostgresResultStore {
  readonly #pool: PostgresPool;
  readonly #statements: PostgresStatements;
  readonly #timeoutMs: number;

  constructor(pool: PostgresPool, statements: PostgresStatements, timeoutMs: number) {
    this.#pool = pool;
    this.#statements = statements;
    this.#timeoutMs = timeoutMs;
  }

  async migrate(): Promise<void> {
    const { isThere, create } = this.#statements;
    const [row] = await this.#query<{ is_there: boolean }>(isThere);
    if (row?.is_there !== true) await this.#query(create);
  }

  async put(id: TaskId, resultJson: string, ttlMs: number): Promise<void> {
    checkKept(id, ttlMs);
    await this.#query(this.#statements.put, [id, resultJson, ttlMs]);
  }

  async get(ids: readonly TaskId[]): Promise<readonly (string | undefined)[]> {
    // What is no task id need not be text that Postgres takes.
    const known = ids.filter((id) => parseTaskId(id) !== undefined);
    if (known.length === 0) return ids.map(() => undefined);
    const rows = await this.#query<{ id: TaskId; result: string }>(this.#statements.get, [known]);
    const results = new Map(rows.map(({ id, result }) => [id, result]));
    return ids.map((id) => results.get(id));
  }

  async sweep(): Promise<void> {
    const { sweep, sweepSize } = this.#statements;
    for (let round = 0; round < MAX_SWEEPS; round += 1) {
      const deleted = await this.#query(sweep);
      if (deleted.length < sweepSize) return;
    }
  }

  async #query<Row>(text: string, values?: unknown[]): Promise<readonly Row[]> {
    try {
      const { rows } = await this.#withinTime(() => this.#pool.query(text, values));
      return rows as readonly Row[];
    } catch (error) {
      const isMissing = (error as { code?: unknown } | null)?.code === UNDEFINED_TABLE;
      throw resultStoreAway(error, isMissing ? ': call migrate() once, before the first task' : '');
    }
  }

  async #withinTime<T>(ask: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const error = new Error(`Postgres gave no answer within ${this.#timeoutMs} ms`);
      timer = setTimeout(reject, this.#timeoutMs, error);
    });
    try {
      return await Promise.race([ask(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
