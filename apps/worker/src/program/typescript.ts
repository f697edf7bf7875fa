import { createRequire } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { moduleFiles } from './load-modules.js';

/**
 * Makes this process run TypeScript, when there is some among the contracts and handlers, and
 * tsx can be had where they are, or in `cwd`. To be called before they are loaded.
 * Without tsx nothing happens: newer versions of Node run TypeScript themselves, and loading tells where nobody does.
 */
export async function useTypeScript(
  [tasks, handlers]: readonly (string | undefined)[],
  cwd: string,
): Promise<void> {
  const inDirectory = handlers ? await moduleFiles(handlers).catch(() => []) : [];
  const files = [...(tasks ? [tasks] : []), ...inDirectory];
  if (!files.some(isTypeScript)) return;
  const tsx = findTsx([
    ...(handlers ? [resolve(cwd, handlers)] : []),
    ...(tasks && isTypeScript(tasks) ? [dirname(resolve(cwd, tasks))] : []),
    cwd,
  ]);
  if (tsx !== undefined) await import(pathToFileURL(tsx).href);
}

const isTypeScript = (file: string): boolean => /^\.[cm]?ts$/.test(extname(file));

/** As `node --import tsx` would, from one of these folders. */
function findTsx(folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    try {
      return createRequire(join(folder, 'any.js')).resolve('tsx');
    } catch {
      // Perhaps the next one.
    }
  }
  return undefined;
}
