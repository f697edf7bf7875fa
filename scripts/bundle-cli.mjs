// The command `goflow` in a few files beside its compiled ones: most of a call's time is loading, and loading four hundred files takes three
// times as long as loading the same code from five. bin/goflow.js takes them while they are as new as what they were made of.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { BUNDLE, build } from './bundle-internal.mjs';
import { ROOT } from './run-program.mjs';

/** A worker is a program of its own, which shares its packages with handlers; the others are only there where somebody installed them. */
const EXTERNAL = [
  /^node:/,
  /^@goflow\/worker(\/|$)/,
  /\/commands\/program\/worker\.js$/,
  'msgpackr-extract',
  'pg',
];

/** One file for what every call needs, and one for what every call needs that talks to Redis: each file more takes its time. */
const TOGETHER = {
  main: ['apps/cli/dist/main.js'],
  redis: ['apps/cli/dist/connection/connect.js', 'libs/broker/dist/bullmq/bullmq-broker.js'],
};

/** What is not in the bundle is asked for here: Node does not find who asks, where that was compiled in an earlier call. */
const IMPORT = `${BUNDLE}import.cjs`;

/**
 * Builds and bundles the program in `folder`. Before `bundle-internal.mjs`: with copies of packages in it, there would be two of each.
 *
 * @param {string} folder
 * @throws Error with what the compiler or the bundler said
 */
export async function bundleCli(folder) {
  await build(folder);
  const dist = join(folder, 'dist');
  for (const file of readdirSync(dist)) if (file.startsWith(BUNDLE)) rmSync(join(dist, file));
  const made = await rolldown({
    input: { main: join(dist, 'main.js') },
    platform: 'node',
    external: EXTERNAL,
    // Of BullMQ's modules only those are taken that are used; its CommonJS comes whole.
    resolve: { mainFields: ['module', 'main'] },
    // What is not found, as in a package that is just being built, would be looked for when the program runs.
    onLog: (level, log, tell) => tell(log.code === 'UNRESOLVED_IMPORT' ? 'error' : level, log),
  });
  const { output } = await made.write({
    dir: dist,
    // Scripts, because of Node 20, which keeps nothing of modules: bin/load-bundle.js. It goes by the hashes.
    format: 'cjs',
    entryFileNames: `${BUNDLE}[name]-[hash].cjs`,
    chunkFileNames: `${BUNDLE}[name]-[hash].cjs`,
    codeSplitting: { groups: [{ debugName: 'together', name: groupOf() }] },
    minify: true,
    plugins: [{ name: 'import', renderChunk: withImport }],
  });
  await made.close();
  writeFileSync(join(dist, IMPORT), 'module.exports = (name) => import(name);\n');
  writeFileSync(
    join(dist, `${BUNDLE}main.cjs`),
    `module.exports = require('./${output.find((file) => file.type === 'chunk' && file.isEntry)?.fileName}');\n`,
  );
  const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  writeFileSync(join(dist, `${BUNDLE}licenses.txt`), licensesOf(modules));
  writeFileSync(join(dist, `${BUNDLE}made-of.json`), JSON.stringify(sourcesOf(folder, modules)));
}

/** Tells which of {@link TOGETHER} needs a module: the first of them that does. */
function groupOf() {
  /** @type {Map<string, string>} */
  const groups = new Map();
  /** @type {import('rolldown').CodeSplittingNameFunction} */
  return (id, graph) => {
    if (groups.size === 0)
      for (const [group, first] of Object.entries(TOGETHER))
        for (const module of neededBy(first, graph))
          if (!groups.has(module)) groups.set(module, group);
    return groups.get(id);
  };
}

/**
 * What is loaded with these files, whatever is called: all that they import, but not what they load later.
 *
 * @param {readonly string[]} files
 * @param {Parameters<import('rolldown').CodeSplittingNameFunction>[1]} graph
 * @throws Error when one of them is not in the bundle
 */
function neededBy(files, graph) {
  const needed = new Set(files.map((file) => join(ROOT, file)));
  for (const module of needed) {
    const info = graph.getModuleInfo(module);
    if (!info) throw new Error(`${module} is not in the bundle`);
    for (const id of info.importedIds) if (isAbsolute(id)) needed.add(id);
  }
  return needed;
}

/** @param {string} code */
function withImport(code) {
  return code.replace(/\bimport\((?=["'`])/g, `require("./${IMPORT}")(`);
}

/**
 * By project: the hash of what the compiler knows of it, which changes with each of its files.
 *
 * @param {string} folder
 * @param {readonly string[]} modules
 */
function sourcesOf(folder, modules) {
  const projects = modules.map((file) => /^(.*)\/dist\//.exec(file)?.[1] ?? '');
  const files = [...new Set([folder, ...projects])]
    .map((project) => join(project, 'tsconfig.tsbuildinfo'))
    .filter((file) => existsSync(file));
  const hashOf = (/** @type {string} */ file) =>
    createHash('sha1').update(readFileSync(file)).digest('hex');
  return Object.fromEntries(files.map((file) => [relative(folder, file), hashOf(file)]));
}

/**
 * Who wrote the rest of the code, and on what terms it may be passed on.
 *
 * @param {readonly string[]} modules
 */
function licensesOf(modules) {
  const folders = modules.map((file) => /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  const texts = [...new Set(folders)]
    .filter((folder) => folder !== undefined)
    .sort()
    .map(licenseOf);
  return `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** @param {string} folder */
function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim();
  return `${name} ${version}: ${license}\n\n${text}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await bundleCli(process.cwd());
