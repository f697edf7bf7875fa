import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the repository. `path` is relative to its root, with `/`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A law looks at all files and tells what breaks it, as `path: what`, one line each. */
export type Law = (files: readonly SourceFile[]) => readonly string[];

/** A workspace package. */
export interface Project {
  /** Such as `libs/shared`. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly sources: readonly SourceFile[];
}

/** What the laws read of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly bundleDependencies?: readonly string[];
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.nx', '.git', 'tmp']);
const KEPT = /\.[cm]?[jt]sx?$|(^|\/)package\.json$/;
const SOURCE = /\.[cm]?[jt]sx?$/;
const PROJECT = /^((?:apps|libs)\/[^/]+|test\/chaos|test|examples|benchmarks|deploy)\//;

/** Every source file and package.json of this repository. */
export function readRepository(): readonly SourceFile[] {
  return walk(ROOT)
    .map((file) => ({ file, path: relative(ROOT, file).split(sep).join('/') }))
    .filter(({ path }) => KEPT.test(path))
    .map(({ file, path }) => ({ path, text: readFileSync(file, 'utf8') }));
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name) || entry.isSymbolicLink()) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : [path];
  });
}

export const isSource = ({ path }: SourceFile): boolean => SOURCE.test(path);

/** A test beside the code, or anything in the projects that exist for tests only. */
export const isTest = (path: string): boolean =>
  /\.test(-d)?\.[cm]?[jt]sx?$/.test(path) || /^(test|libs\/testing)\//.test(path);

/** The project that a file belongs to, such as `libs/shared`; undefined for scripts and configuration. */
export const folderOf = (path: string): string | undefined => PROJECT.exec(path)?.[1];

/** The workspace packages of a list of files. Nested package.json files belong to fixtures. */
export function projectsOf(files: readonly SourceFile[]): readonly Project[] {
  return files.flatMap(({ path, text }) => {
    const folder = folderOf(path);
    if (folder === undefined || path !== `${folder}/package.json`) return [];
    const sources = files.filter((file) => isSource(file) && folderOf(file.path) === folder);
    return [{ folder, manifest: JSON.parse(text) as Manifest, sources }];
  });
}
