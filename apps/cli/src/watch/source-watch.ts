import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

const SOURCES = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']);
/** What decides how modules are read. Other .json is data, which handlers may write. */
const MANIFEST = /^(package|tsconfig.*)\.json$/;
/** Below a watched folder; one that is watched may be called so itself. */
const PASSED_OVER = /^(node_modules|dist|coverage|out|tmp|logs|\..*)$/;

/** Between two looks, in milliseconds; longer where looking takes long. */
const PAUSE_MS = 200;
const SHARE_OF_LOOKING = 10;

/** Files and when they were written. */
type Snapshot = ReadonlyMap<string, string>;

/**
 * Tells when sources below some folders have changed, and have not changed further since the last look. It looks, instead of being told by
 * the system: that works in containers and on drives of other machines, too, and misses no folder that is made.
 */
export class SourceWatch {
  readonly #folders: readonly string[];
  readonly #onChange: (files: readonly string[]) => void;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(folders: readonly string[], onChange: (files: readonly string[]) => void) {
    this.#folders = folders;
    this.#onChange = onChange;
  }

  /** What changes from now on is told. */
  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    let told = await this.#look();
    let last = told;
    while (!this.#isStopped) {
      const began = performance.now();
      const now = await this.#look();
      const isCalm = differences(last, now).length === 0;
      last = now;
      const changed = isCalm ? differences(told, now) : [];
      if (changed.length > 0 && !this.#isStopped) this.#onChange(changed);
      if (isCalm) told = now;
      await this.#pause(performance.now() - began);
    }
  }

  #pause(tookMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#timer = setTimeout(resolve, Math.max(PAUSE_MS, tookMs * SHARE_OF_LOOKING));
    });
  }

  async #look(): Promise<Snapshot> {
    const found = new Map<string, string>();
    for (const folder of this.#folders) await lookInto(folder, found);
    return found;
  }
}

async function lookInto(folder: string, found: Map<string, string>): Promise<void> {
  // A folder may vanish between two calls: what was in it is gone, too.
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !PASSED_OVER.test(entry.name)) await lookInto(path, found);
    else if (isSource(entry.name) && !found.has(path)) {
      const written = await stat(path).catch(() => undefined);
      if (written?.isFile()) found.set(path, `${written.mtimeMs} ${written.size} ${written.ino}`);
    }
  }
}

const isSource = (name: string): boolean => SOURCES.has(extname(name)) || MANIFEST.test(name);

function differences(before: Snapshot, now: Snapshot): string[] {
  const paths = new Set([...before.keys(), ...now.keys()]);
  return [...paths].filter((path) => before.get(path) !== now.get(path));
}
