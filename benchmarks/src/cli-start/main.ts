// `npm run figure -- cli-start [count]`: how long a call of `goflow` takes, the start of its process included, beside processes that do nothing.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createGoflow, defineTasks } from '@goflow/sdk';
import { RedisServer } from '@goflow/testing';
import { createWorker, defineHandlers } from '@goflow/worker';
import { z } from 'zod';
import { median, quantile } from '../quantile.js';

const GOFLOW = fileURLToPath(new URL('../../../apps/cli/bin/goflow.js', import.meta.url));
/** From where packages are found. */
const HERE = fileURLToPath(new URL('.', import.meta.url));
/** What a call may take at the median, in milliseconds, on a machine that does nothing else. */
const LIMIT_MS = 250;
/** The shortest of all: Node itself. */
const NOTHING = 'node -e 0';

const tasks = defineTasks({ repeater: { payload: z.string(), result: z.string() } });

/** Processes that are started in turn, so that all meet the same machine. */
async function measure(
  lines: Readonly<Record<string, readonly string[]>>,
  count: number,
): Promise<Map<string, number[]>> {
  const times = new Map(Object.keys(lines).map((name): [string, number[]] => [name, []]));
  for (let round = 0; round <= count; round += 1)
    for (const [name, args] of Object.entries(lines)) {
      const began = performance.now();
      await promisify(execFile)(process.execPath, args, { cwd: HERE });
      // The first round reads files from the disk.
      if (round > 0) times.get(name)?.push(performance.now() - began);
    }
  return times;
}

function tell(times: ReadonlyMap<string, readonly number[]>): void {
  const bare = median(times.get(NOTHING) ?? []);
  for (const [name, values] of times) {
    const middle = median(values);
    const verdict = name.startsWith('goflow') ? (middle <= LIMIT_MS ? 'reached' : 'missed') : '';
    process.stdout.write(
      `${name.padEnd(24)} median ${middle.toFixed(0).padStart(5)} ms   p95 ${quantile(values, 0.95).toFixed(0).padStart(5)} ms   ` +
        `${(middle / bare).toFixed(1)} × ${NOTHING}   ${verdict}\n`,
    );
  }
  process.stdout.write(`${count} runs each; wanted: ${LIMIT_MS} ms at the median\n`);
}

const count = Number(process.argv[2] ?? 20);
await using server = await RedisServer.start();
const handlers = defineHandlers(tasks, { repeater: async (payload) => payload });
await using worker = createWorker({ tasks, handlers, redis: server.url });
await worker.start();
await using goflow = createGoflow({ tasks, redis: server.url });
const id = await goflow.push('repeater', 'hello');
await goflow.wait(id);
const redis = ['--redis', server.url];
tell(
  await measure(
    {
      [NOTHING]: ['-e', '0'],
      "import('bullmq')": ['--input-type=module', '-e', "import 'bullmq'"],
      'goflow --help': [GOFLOW, '--help'],
      'goflow get ID': [GOFLOW, 'get', id, ...redis],
      'goflow push … --wait': [GOFLOW, 'push', 'repeater', '"hello"', '--wait', ...redis],
    },
    count,
  ),
);
