import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** From here on a stack tells of who imported the module. */
const CALLER = / +at (?:async )?importModule /;

/** How many places are told of what a module threw. */
const MAX_PLACES = 3;

/** Where packages of goflow's are that are in no node_modules: in its own repository. */
const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));
const OURS = [join(REPOSITORY, 'apps/'), join(REPOSITORY, 'libs/')];

/** Why a module could not be loaded, in words, and where: the first places in code that is the user's own. */
export async function whyNotLoaded(file: string, cause: unknown): Promise<string> {
  if (!(cause instanceof Error)) return String(cause);
  const { code } = cause as NodeJS.ErrnoException;
  // Node says only that it does not know the extension.
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?ts/.test(cause.message))
    return `${NO_TYPESCRIPT} (${cause.message})`;
  if (code === 'ERR_VM_MODULE_LINK_FAILURE') return `${cause.message}; ${MIXED}`;
  const places = await placesOf(file, cause);
  return places.length === 0 ? cause.message : `${cause.message} (at ${places.join(', ')})`;
}

const NO_TYPESCRIPT =
  'this process does not run TypeScript: install tsx (goflow-worker needs NODE_OPTIONS=--import=tsx with it, `goflow worker` does not), or compile it';

const MIXED =
  'an ES module imports a CommonJS one that needs this ES module, which this version of Node cannot do under tsx: name the .cts a .ts or .mts, or use a later Node';

async function placesOf(file: string, cause: Error): Promise<readonly string[]> {
  const stack = String(cause.stack);
  const isSyntax = cause.name === 'SyntaxError';
  const place = isSyntax ? headOf(stack) : undefined;
  if (place !== undefined) return [place];
  const all = framesIn(stack);
  const own = all.filter((at) => !/[\\/]node_modules[\\/]/.test(at));
  if (own.length > 0) return own.slice(0, MAX_PLACES);
  if (!isSyntax) return all.slice(0, 1);
  const found = await findSyntaxError(file, cause.message);
  return found === undefined ? [] : [found];
}

/** Above the stack of a syntax error, in some cases: `/folder/a.cjs:2`. */
function headOf(stack: string): string | undefined {
  const [, path = '', line] = /^(\S.*):(\d+)\r?\n/.exec(stack) ?? [];
  return line === undefined ? undefined : `${pathOf(path)}:${line}`;
}

/** Places in files, not in Node or in goflow itself: `/folder/a.mjs:2:11`. */
function framesIn(stack: string): readonly string[] {
  const [inside = ''] = stack.split(CALLER);
  const frames = inside.matchAll(
    /^ +at (?:.* \()?(?:async )?((?:file:|\/|[A-Za-z]:\\).*?)(:\d+:\d+)\)?$/gm,
  );
  return [...frames]
    .map(([, path = '', at = '']) => `${pathOf(path)}${at}`)
    .filter((at) => !OURS.some((folder) => at.startsWith(folder)));
}

/** tsx loads some modules with a query behind their path. */
function pathOf(given: string): string {
  const path = given.replace(/\?[\w-]+=[^/\\]*$/, '');
  return path.startsWith('file:') ? fileURLToPath(path) : path;
}

/**
 * Of an ES module, Node tells where its syntax is wrong only when it ends of it. So another Node is to import the module, after something that
 * is not there: all is read, and nothing runs.
 */
async function findSyntaxError(file: string, message: string): Promise<string | undefined> {
  // Only here: most modules are right.
  const { runCommand } = await import('@goflow/commands');
  const source = `import { none } from 'data:text/javascript,'; import ${JSON.stringify(pathToFileURL(file).href)};`;
  const args = ['--input-type=module', '--eval', source];
  const { stderr = '' } = await runCommand({
    identifier: file,
    command: process.execPath,
    args,
    timeout: '10s',
  });
  return stderr.includes(`SyntaxError: ${message}\n`) ? headOf(stderr) : undefined;
}
