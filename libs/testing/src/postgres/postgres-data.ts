import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { chown, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SystemUser } from '../process/server-process.js';

/** What one Postgres keeps, and whose it is. */
export interface PostgresData {
  readonly dir: string;
  /** Who must run the server. `undefined`: the user of this process. */
  readonly owner: SystemUser | undefined;
  /** Removes it. */
  remove(): void;
}

/** The name of the superuser in every database made here. It has no password. */
export const SUPERUSER = 'goflow';

/** Postgres refuses to run as root. The first belongs to its package, the second is everywhere. */
const USERS = ['postgres', 'nobody'];

/**
 * Makes the data of a new Postgres in a fresh folder, with the given `initdb`: about a second.
 *
 * @throws Error with what `initdb` said.
 */
export async function makePostgresData(initdb: string): Promise<PostgresData> {
  const owner = process.getuid?.() === 0 ? await unprivilegedUser() : undefined;
  const dir = await mkdtemp(join(tmpdir(), 'goflow-postgres-'));
  const remove = () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  const args = ['-D', dir, '-U', SUPERUSER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  try {
    if (owner !== undefined) await chown(dir, owner.uid, owner.gid);
    // It looks at its working directory, which may be closed to that user.
    await promisify(execFile)(initdb, args, { cwd: dir, ...owner });
    return { dir, owner, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

async function unprivilegedUser(): Promise<SystemUser> {
  const known = await readFile('/etc/passwd', 'utf8');
  for (const name of USERS) {
    const [, uid, gid] = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(known) ?? [];
    if (uid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    `Postgres refuses to run as root, and this machine has none of the users ${USERS.join(', ')}: run as another user`,
  );
}
