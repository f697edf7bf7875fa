import { access, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { GoflowError } from '@goflow/shared';
import type { SettingSpec } from './settings.js';

const NAME = '.goflow.yaml';
/** Settings that are paths: relative to the file that names them. */
const PATHS = ['tasks', 'encryptionKeys'];

/** The file that was named, else the nearest `.goflow.yaml` of `cwd` or above. */
export async function findSettingsFile(
  cwd: string,
  named: string | undefined,
): Promise<string | undefined> {
  if (named !== undefined) return resolve(cwd, named);
  for (let folder = cwd; ; folder = dirname(folder)) {
    const path = join(folder, NAME);
    if (await exists(path)) return path;
    if (dirname(folder) === folder) return undefined;
  }
}

/** @throws OPTION_INVALID with the line and column of what is wrong */
export async function readSettingsFile(
  path: string,
  known: readonly SettingSpec[],
): Promise<Readonly<Record<string, string>>> {
  const text = await readText(path);
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

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw invalid(`${path}: ${(error as Error).message}`);
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const invalid = (message: string): GoflowError => new GoflowError('OPTION_INVALID', message);
