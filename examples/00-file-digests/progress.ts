import cliProgress from 'cli-progress';
import { count } from './report.js';

/** Shows how far the run is. */
export interface Progress {
  update(done: number): void;
  stop(): void;
}

const LINE_EVERY_MS = 3_000;

/** A bar on a terminal; elsewhere, as in CI, a line every few seconds. */
export function showProgress(total: number): Progress {
  return process.stdout.isTTY ? bar(total) : lines(total);
}

function bar(total: number): Progress {
  const single = new cliProgress.SingleBar(
    {
      stream: process.stdout,
      format: '  {bar} {percentage} % | {value} of {total} files | {rate} a second',
      hideCursor: true,
      clearOnComplete: true,
    },
    cliProgress.Presets.shades_classic,
  );
  const began = performance.now();
  single.start(total, 0, { rate: 0 });
  return {
    update: (done) => {
      const seconds = (performance.now() - began) / 1000;
      single.update(done, { rate: count(done / seconds) });
    },
    stop: () => single.stop(),
  };
}

function lines(total: number): Progress {
  let current = 0;
  const timer = setInterval(() => {
    console.log(`  ${count(current)} of ${count(total)} files`);
  }, LINE_EVERY_MS);
  return {
    update: (done) => {
      current = done;
    },
    stop: () => clearInterval(timer),
  };
}
