// A worker in a process of its own: `node main.js '{"system":"goflow",…}'`, an order of the benchmark.
import { ownCpuUs } from '../../cpu.js';
import { openWorker } from '../../systems/open.js';
import type { WorkerOrder, WorkerReport, WorkerRequest } from './worker-report.js';

const REPORT_MS = 10;

const { system, ...options } = JSON.parse(process.argv[2] ?? '{}') as WorkerOrder;
let finished = 0;
let firstCallMs: number | undefined;
let isReporting = false;

function report(): void {
  isReporting = false;
  process.send?.({ finished, cpuUs: ownCpuUs(), firstCallMs } satisfies WorkerReport);
}

const worker = await openWorker(system, {
  ...options,
  // When the first call is looked for there is no second.
  onStarted: options.begins === 'at once' ? onFirstCall : undefined,
  // No timer runs while nothing finishes: an idle worker is measured, too.
  onFinished: () => {
    finished += 1;
    if (isReporting) return;
    isReporting = true;
    setTimeout(report, REPORT_MS);
  },
});
process.on('message', ({ kind }: WorkerRequest) => {
  if (kind === 'begin') void worker.begin();
  else report();
});
process.on('disconnect', () => process.exit());
report();

function onFirstCall(): void {
  firstCallMs ??= performance.now();
}
