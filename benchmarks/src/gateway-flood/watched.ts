// Loaded into a program beside its own code (`node --import`): tells every 250 ms, in a line of stdout, its memory, how late its event
// loop was, and the microseconds of CPU that it has taken.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const EVERY_MS = 250;
const RESOLUTION_MS = 10;

const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();
setInterval(() => {
  // What a timer of this resolution takes anyway is no delay.
  const latestMs = Math.max(delays.max / 1e6 - RESOLUTION_MS, 0);
  delays.reset();
  const { user, system } = process.cpuUsage();
  process.stdout.write(
    `watched ${process.memoryUsage.rss()} ${latestMs.toFixed(1)} ${user + system}\n`,
  );
}, EVERY_MS).unref();
