import { readdir, realpath } from 'node:fs/promises';
import { extname, join, relative, resolve, sep } from 'node:path';
import { GoflowError, type Tasks } from '@goflow/shared';
import {
  type HandlerDefinition,
  HandlerRegistry,
  isRegistry,
} from '../handlers/handler-registry.js';
import { type Exports, importModule } from './import-module.js';
import { whyNotLoaded } from './why-not-loaded.js';

/** What a module may be called, and what it is called once it is compiled. */
const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ['.js', '.js'],
  ['.mjs', '.mjs'],
  ['.cjs', '.cjs'],
  ['.ts', '.js'],
  ['.mts', '.mjs'],
  ['.cts', '.cjs'],
]);
/** What is no handler module: what is written in docs/worker.md, and what TypeScript makes. */
const SKIPPED = /(^|\/)(node_modules|[._][^/]*)(\/|$)|\.((test|spec)\.[cm]?[jt]s|d\.[cm]?ts)$/;

/** How long one module may take to load, in milliseconds. */
const PATIENCE_MS = 30_000;

/**
 * Loads the contracts: the module's `tasks`, or its default export. It has 30 s for that, unless `timeoutMs` says otherwise.
 *
 * @throws OPTION_INVALID naming the file
 */
export async function loadTasks(file: string, timeoutMs = PATIENCE_MS): Promise<Tasks> {
  const path = resolve(file);
  const invalid: ToError = (message, cause) =>
    new GoflowError('OPTION_INVALID', message, { cause });
  const module = await load({ file: path, timeoutMs }, invalid);
  const tasks = module.tasks ?? module.default;
  if (isTasks(tasks)) return tasks;
  throw new GoflowError(
    'OPTION_INVALID',
    `${path} exports no \`tasks\` that defineTasks() returned`,
  );
}

/**
 * Loads every handler module of a directory. A module exports what `defineHandler` or `defineHandlers` returned, or an object
 * named `handlers`. Each has 30 s to load, unless `timeoutMs` says otherwise.
 *
 * @throws HANDLER_INVALID, HANDLER_DUPLICATE, TASK_TYPE_UNKNOWN naming the module
 */
export async function loadHandlers(
  directory: string,
  tasks: Tasks,
  timeoutMs = PATIENCE_MS,
): Promise<HandlerRegistry> {
  const registry = new HandlerRegistry(tasks);
  const origins = new Map<string, string>();
  for (const file of await moduleFiles(directory)) {
    for (const definition of definitionsOf(await load({ file, timeoutMs }, invalidModule), file)) {
      const earlier = origins.get(definition.type);
      if (earlier !== undefined)
        throw new GoflowError(
          'HANDLER_DUPLICATE',
          `${definition.type} has a handler in ${earlier} and in ${file}`,
        );
      addNamed(registry, definition, file);
      origins.set(definition.type, file);
    }
  }
  if (registry.types.length > 0) return registry;
  throw new GoflowError('HANDLER_INVALID', `there is no handler module in ${resolve(directory)}`);
}

/**
 * The handler modules of a directory, and below it: JavaScript, and TypeScript that is not compiled beside itself.
 *
 * @throws HANDLER_INVALID when it is no directory
 */
export async function moduleFiles(directory: string): Promise<string[]> {
  const root = await realpath(resolve(directory)).catch((cause: unknown) => {
    throw new GoflowError('HANDLER_INVALID', `there is no directory ${resolve(directory)}`, {
      cause,
    });
  });
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(
    (cause: unknown) => {
      throw new GoflowError('HANDLER_INVALID', `${root} is no directory of handler modules`, {
        cause,
      });
    },
  );
  const files = entries
    // A link could lead out of the directory.
    .filter((entry) => entry.isFile() && EXTENSIONS.has(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !SKIPPED.test(relative(root, file).split(sep).join('/')));
  await Promise.all(files.map((file) => checkInside(root, file)));
  const all = new Set(files);
  return files.filter((file) => compiled(file) === file || !all.has(compiled(file))).sort();
}

/** `a.js` for `a.ts`: the one that runs everywhere is loaded, where both are there. */
function compiled(file: string): string {
  const extension = extname(file);
  return file.slice(0, -extension.length) + EXTENSIONS.get(extension);
}

/** Links are left out above; this is for what the system makes of a path in another way. */
async function checkInside(root: string, file: string): Promise<void> {
  const real = await realpath(file);
  if (!real.startsWith(root + sep))
    throw new GoflowError('HANDLER_INVALID', `${file} is ${real}, which is outside of ${root}`);
}

type ToError = (message: string, cause: unknown) => GoflowError;

async function load(
  { file, timeoutMs }: { readonly file: string; readonly timeoutMs: number },
  toError: ToError,
): Promise<Exports> {
  let timer: NodeJS.Timeout | undefined;
  // A top-level await that never ends: without this timer nothing would keep the process alive, and it would end as if all were well.
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  const loading = importModule(file).catch(async (cause: unknown) => {
    throw toError(`${file} cannot be loaded: ${await whyNotLoaded(file, cause)}`, cause);
  });
  try {
    const module = await Promise.race([loading, late]);
    if (module) return module;
    throw toError(`${file} cannot be loaded: it took longer than ${timeoutMs} ms`, undefined);
  } finally {
    clearTimeout(timer);
  }
}

const invalidModule: ToError = (message, cause) =>
  new GoflowError('HANDLER_INVALID', message, { cause });

const WHAT_A_HANDLER_IS =
  'use defineHandler() or defineHandlers(). If it is only imported by handlers, move it out of their folder, or begin its name, or that of its folder, with `_`';

function definitionsOf(module: Exports, file: string): HandlerDefinition[] {
  const found = new Map<unknown, HandlerDefinition[]>();
  for (const [name, value] of Object.entries(module)) {
    // One value may be exported under two names.
    if (found.has(value)) continue;
    if (isDefinition(value)) found.set(value, [value]);
    else if (isRegistry(value))
      found.set(
        value,
        value.types.map((type) => ({ type, handler: value.get(type) as never })),
      );
    else if (name === 'handlers' && typeof value === 'object' && value !== null)
      found.set(
        value,
        Object.entries(value).map(([type, handler]) => ({ type, handler: handler as never })),
      );
  }
  if (found.size > 0) return [...found.values()].flat();
  throw invalidModule(`${file} exports no handler: ${WHAT_A_HANDLER_IS}`, undefined);
}

function addNamed(
  registry: HandlerRegistry,
  { type, handler }: HandlerDefinition,
  file: string,
): void {
  try {
    registry.add(type, handler as never);
  } catch (cause) {
    if (!(cause instanceof GoflowError)) throw cause;
    throw new GoflowError(cause.code, `${file}: ${cause.message}`, { cause });
  }
}

function isDefinition(value: unknown): value is HandlerDefinition {
  const { type, handler } = (value ?? {}) as Partial<HandlerDefinition>;
  return typeof type === 'string' && typeof handler === 'function';
}

function isTasks(value: unknown): value is Tasks {
  return typeof value === 'object' && value !== null && (value as Tasks).contracts instanceof Map;
}
