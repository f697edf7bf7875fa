// What V8 compiled of the bundle is kept for the next call, as Node itself does it from 22.1 on: this file goes when Node 20 does. Compiling
// is half of what a call takes. A cache that cannot be read, or that V8 refuses, is made anew; one that cannot be written is done without.
const {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} = require('node:fs');
const { createRequire } = require('node:module');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const vm = require('node:vm');

/** Characters. What is shorter compiles as fast as its cache is read. */
const WORTH_CACHING = 20_000;

/** Loads `name` of the bundle in `folder`, and what it needs of it; `host` is the process. @returns what it exports */
function loadBundle(folder, name, host) {
  const require = createRequire(join(folder, name));
  const cache = cacheFolder(host);
  const loaded = new Map();
  const load = (file) => {
    const known = loaded.get(file);
    if (known) return known.exports;
    const module = { exports: {} };
    loaded.set(file, module);
    const path = join(folder, file);
    const { script, isNew } = compile(readFileSync(path, 'utf8'), file, cache);
    // Not before the end: then all functions are in it that were called.
    if (isNew) host.on('exit', () => keep(join(cache, file), script, host.pid));
    const run = script.runInThisContext();
    run(module.exports, (id) => (isHashed(id) ? load(id.slice(2)) : require(id)), module, path);
    return module.exports;
  };
  return load(name);
}

/** Their names change with what is in them; the others are Node's to load. */
const isHashed = (id) => /^\.\/bundle-.*-[\w-]{8}\.cjs$/.test(id);

/** A script that makes a function of what scripts of Node are given. `isNew`: it is worth keeping. */
function compile(text, name, cache) {
  const code = `(function (exports, require, module, __filename) {${text}\n})`;
  // The name alone: V8 keeps it with the cache, which other installations find, too.
  const options = { filename: name };
  if (!cache || text.length < WORTH_CACHING) return { script: new vm.Script(code, options) };
  const cachedData = readIfThere(join(cache, name));
  const script = new vm.Script(code, { ...options, cachedData });
  return { script, isNew: script.cachedDataRejected !== false };
}

function readIfThere(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Another call may write the same, or be reading it. */
function keep(file, script, pid) {
  const half = `${file}.${pid}`;
  try {
    writeFileSync(half, script.createCachedData(), { flag: 'wx', mode: 0o600 });
    renameSync(half, file);
  } catch {
    tidyUp(half);
  }
}

function tidyUp(half) {
  try {
    rmSync(half, { force: true });
  } catch {
    // Where nothing can be written, nothing was.
  }
}

/** Named by the same variables as that of Node 22. @returns undefined where it is not this user's own, or others may write to it */
function cacheFolder({ env, version, arch, getuid }) {
  if (env.NODE_DISABLE_COMPILE_CACHE) return undefined;
  const user = getuid?.();
  const above = env.NODE_COMPILE_CACHE || tmpdir();
  const folder = join(above, `goflow-${version}-${arch}-${user ?? 'own'}`);
  try {
    // Not `recursive`: that never ends where Linux says of a folder that is there that it is not, as in /proc.
    for (const path of [above, folder]) if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
    const { uid, mode } = lstatSync(folder);
    // On Windows the folder for temporary files is of one user.
    const isOwn = user === undefined || (uid === user && (mode & 0o170022) === 0o040000);
    return isOwn ? folder : undefined;
  } catch {
    return undefined;
  }
}

module.exports = { loadBundle };
