import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** What a module exports, by name. */
export type Exports = Readonly<Record<string, unknown>>;

/** Imports a module of a user's: an ES module or CommonJS, JavaScript or, where this process runs it, TypeScript. @throws what it throws */
export async function importModule(file: string): Promise<Exports> {
  return namesOf(isCommonTypeScript(file) ? load(file) : await import(pathToFileURL(file).href));
}

const load = createRequire(import.meta.url);

/** Node 20 cannot import a `.cts` of tsx's that needs an ES module, such as goflow. It can require it. */
function isCommonTypeScript(file: string): boolean {
  return file.endsWith('.cts') && '.ts' in load.extensions;
}

/**
 * Of CommonJS, Node finds names only where they are written in ways that it knows: what tsx and other compilers write is none of them. All that
 * such a module exports is its default; and what it says is its default is one of that.
 */
function namesOf(module: Exports): Exports {
  const { default: whole } = module;
  if (typeof whole !== 'object' || whole === null) return module;
  return { ...whole, ...module, default: (whole as Exports).default ?? whole };
}
