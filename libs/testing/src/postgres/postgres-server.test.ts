import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool, PoolConfig } from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startProgram } from '../process/child-program.js';
import { until } from '../wait/until.js';
import { findPostgresOrSkip } from './find-postgres.js';
import { PostgresServer } from './postgres-server.js';

// Here and not in a test: to install it may take a minute.
const initdb = await findPostgresOrSkip();

describe.skipIf(initdb === undefined)('PostgresServer', () => {
  test('is private, takes all of Unicode, and knows no password', async () => {
    await using server = await PostgresServer.start({ initdb });
    const pool = poolOf(server);
    expect(await setting(pool, 'listen_addresses')).toBe('127.0.0.1');
    expect(await setting(pool, 'data_directory')).toBe(server.dataDir);
    expect(await setting(pool, 'server_encoding')).toBe('UTF8');
    expect(server.url).toBe(`postgres://goflow@127.0.0.1:${server.port}/postgres`);
  });

  test('a pool can be of another user', async () => {
    await using server = await PostgresServer.start({ initdb });
    await poolOf(server).query('CREATE ROLE other LOGIN');
    const { rows } = await poolOf(server, { user: 'other' }).query('SELECT current_user AS name');
    expect(rows).toEqual([{ name: 'other' }]);
  });

  test('keeps its data, port and pools through kill() and restart()', async () => {
    await using server = await PostgresServer.start({ initdb });
    const pool = poolOf(server);
    await pool.query('CREATE TABLE kept AS SELECT 1 AS one');
    const { pid, url } = server;
    await server.kill();
    expect(isAlive(pid)).toBe(false);
    await expect(pool.query('SELECT 1')).rejects.toThrow();
    await server.restart();
    expect(server.pid).not.toBe(pid);
    expect(server.url).toBe(url);
    const { rows } = await pool.query('SELECT one FROM kept');
    expect(rows).toEqual([{ one: 1 }]);
  });

  test('stop() does not wait for clients, removes the data, and may be called twice', async () => {
    const server = await PostgresServer.start({ initdb });
    const { pid, dataDir } = server;
    await poolOf(server).query('SELECT 1');
    await server.stop();
    await server.stop();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(dataDir)).toBe(false);
    expect(() => server.pid).toThrow('not running');
    await expect(server.restart()).rejects.toThrow('start a new one');
  });

  test('it does not outlive a process that ends without stopping it', async () => {
    const dir = await folder();
    const file = join(dir, 'owner.mjs');
    const built = new URL('../../dist/index.js', import.meta.url);
    await writeFile(
      file,
      `import { PostgresServer } from ${JSON.stringify(built.href)};
      const server = await PostgresServer.start();
      process.stdout.write('server ' + server.pid + ' ' + server.dataDir + '\\n', () => process.exit());`,
    );
    await using owner = startProgram(file);
    const [, pid, dataDir = ''] = await owner.line(/server (\d+) (\S+)/, 25_000);
    await owner.exited;
    await until(() => !isAlive(Number(pid)), { what: 'the server to end' });
    expect(existsSync(dataDir)).toBe(false);
  });
});

test('an initdb that fails is told with what it said', async () => {
  const failing = join(await folder(), 'initdb');
  await writeFile(failing, '#!/bin/sh\necho no such locale >&2; exit 1\n');
  await chmod(failing, 0o755);
  await expect(PostgresServer.start({ initdb: failing })).rejects.toThrow('no such locale');
});

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'goflow-postgres-test-'));
  // Another user runs what is in it.
  await chmod(dir, 0o755);
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

function poolOf(server: PostgresServer, config?: PoolConfig): Pool {
  const pool = server.openPool(config);
  onTestFinished(() => pool.end());
  return pool;
}

async function setting(pool: Pool, name: string): Promise<unknown> {
  const { rows } = await pool.query('SELECT current_setting($1) AS value', [name]);
  return rows[0]?.value;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
