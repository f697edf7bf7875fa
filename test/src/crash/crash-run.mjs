// Pushes tasks from one process, runs them in several worker processes, kills one with -9 in the middle, and counts.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGoflow } from '@goflow/sdk';
import { startProgram, until } from '@goflow/testing';
import { tasks } from './tasks.mjs';

const WORKER = fileURLToPath(import.meta.resolve('@goflow/worker').replace('index.js', 'main.js'));
const SLICE = 1_000;

/**
 * @typedef {{ redis: string, prefix: string, count: number, workers: number, concurrency: number, lease: string }} CrashPlan
 * @typedef {{ results: number, wrong: number, effects: number, duplicates: number, seconds: number, killedAfter: number }} CrashReport
 */

/** @param {Pick<CrashPlan, 'redis' | 'prefix' | 'concurrency' | 'lease'>} plan @param {string} ledger */
export function startWorker({ redis, prefix, concurrency, lease }, ledger) {
  const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
  const flags = [
    '--tasks',
    here('./tasks.mjs'),
    '--handlers',
    here('./handlers'),
    '--redis',
    redis,
  ];
  const more = ['--prefix', prefix, '--concurrency', String(concurrency), '--lease', lease];
  return startProgram(WORKER, [...flags, ...more], { env: { CRASH_LEDGER: ledger } });
}

/** @param {CrashPlan} plan @returns {Promise<CrashReport>} */
export async function crashRun(plan) {
  const ledger = mkdtempSync(join(tmpdir(), 'goflow-crash-'));
  const workers = Array.from({ length: plan.workers }, () => startWorker(plan, ledger));
  const goflow = createGoflow({ tasks, redis: plan.redis, prefix: plan.prefix, timeout: '30s' });
  try {
    await Promise.all(workers.map((worker) => worker.line(/worker started/)));
    const startedAt = performance.now();
    const killing = killInTheMiddle(goflow, workers[0], plan.count);
    const wrong = await pushAndCollect(goflow, plan.count);
    const seconds = (performance.now() - startedAt) / 1000;
    return {
      ...readLedger(ledger),
      wrong,
      results: plan.count,
      seconds,
      killedAfter: await killing,
    };
  } finally {
    await goflow.close();
    await Promise.all(workers.map((worker) => worker.stop()));
    rmSync(ledger, { recursive: true, force: true });
  }
}

/**
 * @param {ReturnType<typeof createGoflow<(typeof tasks)['definitions']>>} goflow
 * @param {number} count
 * @returns {Promise<number>} wrong results
 */
async function pushAndCollect(goflow, count) {
  /** @type {Promise<number>[]} */
  const collecting = [];
  for (let at = 0; at < count; at += SLICE) {
    const payloads = Array.from({ length: Math.min(SLICE, count - at) }, (_, index) => at + index);
    const ids = await goflow.pushMany('crash.note', payloads);
    const wrong = ids.map(async (id, index) => {
      const value = await goflow.wait(id, { timeout: '5m' });
      return value === at + index + 1 ? 0 : 1;
    });
    collecting.push(...wrong);
  }
  return (await Promise.all(collecting)).reduce((sum, one) => sum + one, 0);
}

/**
 * @param {ReturnType<typeof createGoflow<(typeof tasks)['definitions']>>} goflow
 * @param {import('@goflow/testing').ChildProgram | undefined} victim
 * @param {number} count
 * @returns {Promise<number>} tasks completed when it was killed
 */
async function killInTheMiddle(goflow, victim, count) {
  const counts = await until(
    async () => {
      const now = await goflow.counts();
      return now.completed >= count / 3 && now.active > 0 ? now : undefined;
    },
    { what: 'a third of the tasks is done', timeoutMs: 120_000 },
  );
  victim?.signal('SIGKILL');
  return counts.completed;
}

/** @param {string} directory */
function readLedger(directory) {
  const lines = readdirSync(directory).flatMap((file) =>
    readFileSync(join(directory, file), 'utf8').split('\n').filter(Boolean),
  );
  return { effects: lines.length, duplicates: lines.length - new Set(lines).size };
}
