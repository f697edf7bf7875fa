import { invalidOption } from '@goflow/shared';

/** The SQL of one table of results. Values are always parameters. */
export interface PostgresStatements {
  /** One row, `is_there`: true when there is nothing to create. */
  readonly isThere: string;
  readonly create: string;
  /** $1 id, $2 result, $3 milliseconds. */
  readonly put: string;
  /** $1 ids. */
  readonly get: string;
  /** Deletes up to {@link sweepSize} rows whose time is over, and gives one row for each. */
  readonly sweep: string;
  readonly sweepSize: number;
}

/** So that `<name>_expires_at` keeps within the 63 bytes of a name in Postgres. */
const TABLE = /^(?:[a-z_][a-z0-9_]{0,49}\.)?[a-z_][a-z0-9_]{0,49}$/;
const SWEEP_SIZE = 1_000;

/** @throws OPTION_INVALID for a name that is no plain one: it is put into the SQL. */
export function statementsFor(table: unknown): PostgresStatements {
  if (typeof table !== 'string' || !TABLE.test(table))
    throw invalidOption(
      'table',
      '`name` or `schema.name` of lower-case letters, digits and `_`, at most 50 each',
      table,
    );
  const [name, index, indexName] = namesOf(table);
  return {
    isThere: `SELECT to_regclass('${name}') IS NOT NULL AND to_regclass('${index}') IS NOT NULL AS is_there`,
    create: createStatement({ name, indexName }),
    put: `INSERT INTO ${name} (id, result, expires_at)
      VALUES ($1, $2, now() + $3::bigint * interval '1 millisecond')
      ON CONFLICT (id) DO UPDATE SET result = excluded.result, expires_at = excluded.expires_at`,
    get: `SELECT id, result FROM ${name} WHERE id = ANY($1::text[]) AND expires_at > now()`,
    // ARRAY: an `IN (SELECT … LIMIT …)` may be run once for each row, and then knows no limit.
    sweep: `DELETE FROM ${name} WHERE id = ANY(ARRAY(
      SELECT id FROM ${name} WHERE expires_at <= now() ORDER BY expires_at LIMIT ${SWEEP_SIZE} FOR UPDATE SKIP LOCKED
    )) RETURNING 1`,
    sweepSize: SWEEP_SIZE,
  };
}

/** The table, its index, and the index's name alone, all in quotes, since `user` is a name, too. */
function namesOf(table: string): readonly [name: string, index: string, indexName: string] {
  const parts = table.split('.');
  const index = `${parts.pop()}_expires_at`;
  const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join('.');
  return [quoted(table.split('.')), quoted([...parts, index]), quoted([index])];
}

/**
 * One statement, so one transaction: `IF NOT EXISTS` alone fails when two look at the same time, hence the lock.
 */
function createStatement({ name, indexName }: { name: string; indexName: string }): string {
  return `DO $$ BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('goflow.results'), hashtext('${name}'));
    CREATE TABLE IF NOT EXISTS ${name} (
      id text PRIMARY KEY,
      result text NOT NULL,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX IF NOT EXISTS ${indexName} ON ${name} (expires_at);
  END $$`;
}
