import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChildProgram } from '@goflow/testing';
import { onTestFinished } from 'vitest';
import { runWorker } from '../support/program.js';
import type { Place } from '../support/redis.js';

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Where handlers note what they run, each process in a file of its own. */
export class Ledger {
  readonly path = mkdtempSync(join(tmpdir(), 'goflow-chunks-'));

  constructor() {
    onTestFinished(() => rmSync(this.path, { recursive: true, force: true }));
  }

  /** What one process ran, in order. */
  of(pid: number): number[] {
    const file = `${pid}.ledger`;
    return readdirSync(this.path).includes(file) ? this.#read(file) : [];
  }

  /** How often each was run, by all. */
  counts(): Map<number, number> {
    const counts = new Map<number, number>();
    for (const file of readdirSync(this.path))
      for (const n of this.#read(file)) counts.set(n, (counts.get(n) ?? 0) + 1);
    return counts;
  }

  #read(file: string): number[] {
    const lines = readFileSync(join(this.path, file), 'utf8').split('\n');
    return lines.filter(Boolean).map(Number);
  }
}

/** A worker process with the handlers of ./chunk-handlers. */
export function startChunkWorker(place: Place, ledger: Ledger, concurrency: number): ChildProgram {
  const modules = ['--tasks', fileOf('chunk-tasks.mjs'), '--handlers', fileOf('chunk-handlers')];
  const where = ['--redis', place.redis, '--prefix', place.prefix];
  const how = ['--lease', '1s', '--concurrency', String(concurrency)];
  return runWorker([...modules, ...where, ...how], { CRASH_LEDGER: ledger.path });
}
