import { type FileHandle, lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GoflowError } from '@goflow/shared';

const GROUP_MAY_WRITE = 0o020;
const OTHERS_MAY_WRITE = 0o002;
const STICKY = 0o1000;

/** What the system says of a file or a folder. */
interface Owned {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/**
 * Refuses a settings file that was found, and not named, unless it is its user's own: it may name code that commands load, and a folder
 * above may be anybody's. It, and the link to it, must belong to this user or to root; no other user may write to it, nor replace it. A
 * group of the same number as its owner is that owner's private one. On Windows nothing is looked at.
 *
 * @param uid of the user @default this process's
 * @throws OPTION_INVALID
 */
export async function checkTrusted(
  path: string,
  file: FileHandle,
  uid = process.geteuid?.(),
): Promise<void> {
  if (uid === undefined) return;
  const [found, link, folder] = [await file.stat(), await lstat(path), await lstat(dirname(path))];
  const why = whyNotTrusted({ found, link, folder }, uid);
  if (why === undefined) return;
  throw new GoflowError(
    'OPTION_INVALID',
    `${path} was found, and is not read: ${why}. It may name code to be run. Where it is yours: chown it, and chmod go-w; else name it: --config ${path}, or --config /dev/null for none`,
  );
}

/** Why not; `undefined`: it is to be trusted. */
export function whyNotTrusted(
  { found, link, folder }: { readonly found: Owned; readonly link: Owned; readonly folder: Owned },
  uid: number,
): string | undefined {
  const stranger = [found, link].find((one) => one.uid !== uid && one.uid !== 0);
  if (stranger) return `it belongs to another user (${stranger.uid})`;
  if (found.mode & OTHERS_MAY_WRITE) return 'every user may write to it';
  if (found.mode & GROUP_MAY_WRITE && found.gid !== found.uid)
    return `its group (${found.gid}) may write to it`;
  if (folder.mode & OTHERS_MAY_WRITE && !(folder.mode & STICKY))
    return 'every user may replace it in its folder';
  return undefined;
}
