// Compares what package-lock.json asks for with what npm noted down about node_modules.

/**
 * @typedef {{ version?: string, integrity?: string, resolved?: string, link?: boolean, optional?: boolean }} Locked
 * @typedef {{ packages: Record<string, Locked> }} Lockfile
 */

/**
 * True when an installation is missing or is not the one that the lockfile describes. Contents are compared, since a
 * checkout touches the time of every file.
 *
 * @param {Lockfile} wanted package-lock.json
 * @param {Lockfile | undefined} installed node_modules/.package-lock.json, which npm writes when it is done
 */
export function needsInstall(wanted, installed) {
  if (installed === undefined) return true;
  return Object.entries(wanted.packages).some(([path, locked]) => {
    if (path === '') return false;
    const found = installed.packages[path];
    // Packages of other platforms are in the lockfile and never installed.
    if (found === undefined) return locked.optional !== true;
    return identity(found) !== identity(locked);
  });
}

/** @param {Locked} locked */
function identity(locked) {
  return JSON.stringify([locked.version, locked.integrity, locked.link && locked.resolved]);
}
