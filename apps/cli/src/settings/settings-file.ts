import { type FileHandle, lstat, open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { GoflowError, isGoflowError } from '@goflow/shared';
import type { SettingSpec } from './settings.js';
import { checkTrusted } from './trusted-file.js';

const NAME = '.goflow.yaml';
/** Settings that are paths: relative to the file that names them. */
const PATHS = ['tasks', 'encryptionKeys'];

/** A settings file, read. */
export interface SettingsFile {
  readonly path: string;
  /** By the names of the settings. */
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Reads the file that was named, else the nearest `.goflow.yaml` of `cwd` or above; `undefined` when there is none.
 *
 * @throws OPTION_INVALID with the line and column of what is wrong, or when one that was found may be a stranger's
 */
export async function readSettingsFile(
  { cwd, named }: { readonly cwd: string; readonly named: string | undefined },
  known: readonly SettingSpec[],
): Promise<SettingsFile | undefined> {
  const path = named === undefined ? await findNearest(cwd) : resolve(cwd, named);
  if (path === undefined) return undefined;
  const text = await readText(path, named === undefined);
  return { path, values: await valuesIn(text, path, known) };
}

async function findNearest(cwd: string): Promise<string | undefined> {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const path = join(folder, NAME);
    if (await exists(path)) return path;
    if (dirname(folder) === folder) return undefined;
  }
}

async function valuesIn(
  text: string,
  path: string,
  known: readonly SettingSpec[],
): Promise<Readonly<Record<string, string>>> {
  // Only here: most calls have no file, and must not wait for a parser.
  const { isMap, isPair, isScalar, LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset = 0): string => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const [error] = document.errors;
  if (error) throw invalid(`${at(error.pos[0])}: ${error.message}`);
  if (document.contents === null) return {};
  if (!isMap(document.contents))
    throw invalid(`${at()}: expected settings like \`redis: redis://…\``);
  const found: Record<string, string> = {};
  for (const pair of document.contents.items) {
    if (!isPair(pair) || !isScalar(pair.key)) throw invalid(`${at()}: expected names and values`);
    const place = at(pair.key.range?.[0]);
    const name = String(pair.key.value);
    if (!known.some((spec) => spec.name === name))
      throw invalid(
        `${place}: \`${name}\` is no setting; known: ${known.map((spec) => spec.name).join(', ')}`,
      );
    const value = isScalar(pair.value) ? pair.value.value : undefined;
    if (typeof value !== 'string' && typeof value !== 'number')
      throw invalid(`${place}: \`${name}\` expects a text`);
    found[name] = PATHS.includes(name) ? resolve(dirname(path), String(value)) : String(value);
  }
  return found;
}

async function readText(path: string, isFound: boolean): Promise<string> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    if (isFound) await checkTrusted(path, file);
    return await file.readFile('utf8');
  } catch (error) {
    throw isGoflowError(error) ? error : invalid(`${path}: ${(error as Error).message}`);
  } finally {
    await file?.close();
  }
}

/** A link that leads nowhere is there, too. */
const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

const invalid = (message: string): GoflowError => new GoflowError('OPTION_INVALID', message);
