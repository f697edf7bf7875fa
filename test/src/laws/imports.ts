import { posix } from 'node:path';
import { type Import, importsOf, linesOf } from './source-text.js';
import {
  folderOf,
  isSource,
  isTest,
  type Law,
  type Manifest,
  type SourceFile,
} from './source-tree.js';

/** Who may import whom: arrows down only. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'libs/shared': [],
  'libs/broker': ['@goflow/shared'],
  'libs/telemetry': ['@goflow/shared'],
  'libs/commands': ['@goflow/shared'],
  'libs/http': ['@goflow/shared'],
  'libs/testing': ['@goflow/shared'],
  'apps/producer-sdk': ['@goflow/shared', '@goflow/broker', '@goflow/telemetry'],
  'apps/worker': libraries('broker', 'telemetry', 'commands', 'http'),
  'apps/cli': doorsAnd('@goflow/shared', '@goflow/broker', '@goflow/telemetry', '@goflow/commands'),
  'apps/gateway': doorsAnd(...libraries('broker', 'telemetry', 'http')),
  'libs/local': doorsAnd('@goflow/shared', '@goflow/broker', '@goflow/telemetry'),
  // What a user can install, and nothing else but a Redis to run with.
  deploy: doorsAnd('@goflow/local'),
  examples: doorsAnd('@goflow/local', '@goflow/testing'),
  benchmarks: doorsAnd(...libraries('broker', 'local', 'testing', 'gateway')),
  scripts: everything(),
  'test/chaos': everything(),
  test: everything(),
};

function everything(): readonly string[] {
  const all = ['broker', 'telemetry', 'commands', 'http', 'local', 'testing', 'cli', 'gateway'];
  return doorsAnd(...libraries(...all));
}

function libraries(...names: string[]): readonly string[] {
  return ['@goflow/shared', ...names.map((name) => `@goflow/${name}`)];
}

function doorsAnd(...others: string[]): readonly string[] {
  return ['@goflow/sdk', '@goflow/worker', ...others];
}

/** The only places where a package may be imported. */
const HOMES: Readonly<Record<string, RegExp>> = {
  bullmq: /^(libs\/broker\/src\/bullmq|benchmarks|test)\//,
  ioredis: /^(libs\/broker\/src\/bullmq|libs\/testing|benchmarks|test)\//,
  'p-queue': /^libs\/broker\/src\/memory\//,
  'prom-client': /^libs\/telemetry\//,
  pino: /^libs\/telemetry\//,
  '@opentelemetry/api': /^(apps\/(producer-sdk|worker)\/src\/tracing\.ts$|test\/)/,
  express: /^(apps\/(worker\/src\/ops|gateway\/src)|libs\/http|benchmarks)\//,
  helmet: /^apps\/(worker\/src\/ops|gateway\/src)\//,
  commander: /^(apps\/[^/]+\/src\/(program\/|main\.ts$)|test\/chaos\/src\/program\.ts$)/,
};

/** Imports go down: composition → doors → adapters → kernel. */
export const arrowsDown: Law = eachImport((file, { specifier, line }) => {
  const target = /^@goflow\/[^/]+/.exec(specifier)?.[0];
  if (target === undefined) return undefined;
  const folder = folderOf(file.path) ?? 'scripts';
  const allowed = MAY_IMPORT[folder];
  if (allowed === undefined)
    return `${file.path}:${line} is in a project that the import law does not know`;
  const isAllowed = allowed.includes(target) || (isTest(file.path) && target === '@goflow/testing');
  return isAllowed ? undefined : `${file.path}:${line} imports ${target}, which ${folder} may not`;
});

/** The kernel is pure: no I/O, no environment, no timers, nothing from outside but types, and what only counts: node:crypto and node:zlib. */
export const pureKernel: Law = (files) => {
  const kernel = files.filter(({ path }) => path.startsWith('libs/shared/src/') && !isTest(path));
  const impure =
    /\b(?:process|console|fetch|setTimeout|setInterval|setImmediate|globalThis)\b(?!\s*:)/g;
  return kernel.flatMap((file) => [
    ...importsOf(file.text)
      .filter((given) => !isPure(given))
      .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier} into the kernel`),
    ...linesOf(file.text, impure).map((line) => `${file.path}:${line} does I/O in the kernel`),
  ]);
};

const PURE = ['node:crypto', 'node:zlib'];

function isPure({ specifier, typeOnly }: Import): boolean {
  if (specifier.startsWith('.') || PURE.includes(specifier)) return true;
  return specifier === '@standard-schema/spec' && typeOnly;
}

/** BullMQ, Redis, metrics, logs, HTTP and command lines have one home each. */
export const oneHome: Law = eachImport((file, { specifier, line }) => {
  const name = packageOf(specifier);
  const home = HOMES[name];
  if (!home || home.test(file.path)) return undefined;
  return `${file.path}:${line} imports ${name} outside its home`;
});

/** Other packages are used through what they export, other projects through their package. */
export const frontDoor: Law = (files) => {
  const exported = new Map(files.flatMap(exportsOf));
  return eachImport((file, { specifier, line }) => {
    if (leavesProject(file.path, specifier))
      return `${file.path}:${line} reaches into another project: ${specifier}`;
    const name = packageOf(specifier);
    const isDeep = name.startsWith('@goflow/') && specifier !== name;
    if (!isDeep || exported.get(name)?.includes(`.${specifier.slice(name.length)}`))
      return undefined;
    return `${file.path}:${line} imports past the index: ${specifier}`;
  })(files);
};

function exportsOf({ path, text }: SourceFile): [string, string[]][] {
  const folder = folderOf(path);
  if (folder === undefined || path !== `${folder}/package.json`) return [];
  const { name, exports = {} } = JSON.parse(text) as Manifest;
  return [[name, Object.keys(exports)]];
}

function leavesProject(path: string, specifier: string): boolean {
  if (!specifier.startsWith('.')) return false;
  const from = folderOf(path);
  const to = folderOf(posix.join(posix.dirname(path), specifier));
  // Scripts are in no project: they start what is in test, and tests test them.
  const isLauncher = [from, to].every((folder) => folder === undefined || folder === 'test');
  return from !== to && !isLauncher;
}

/** Node's own modules are written `node:…`: nobody can put another package in their place. */
export const nodePrefix: Law = eachImport((file, { specifier, line }) =>
  BUILTINS.has(specifier.split('/')[0] ?? '')
    ? `${file.path}:${line} imports ${specifier} without node:`
    : undefined,
);

const BUILTINS = new Set(
  'assert buffer child_process cluster crypto dns events fs http http2 https net os path perf_hooks process readline stream timers tls tty url util v8 vm worker_threads zlib'.split(
    ' ',
  ),
);

/** `bullmq` of `bullmq/dist/x`, `@goflow/sdk` of `@goflow/sdk/dist/y`; empty for relative ones. */
export function packageOf(specifier: string): string {
  if (/^(?:\.|node:|\/|file:)/.test(specifier)) return '';
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function eachImport(look: (file: SourceFile, given: Import) => string | undefined): Law {
  return (files) =>
    files
      .filter(isSource)
      .flatMap((file) => importsOf(file.text).flatMap((given) => look(file, given) ?? []));
}
