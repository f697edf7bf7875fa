// `npm run bench`: goflow and raw BullMQ, alternately, on one private Redis; medians, spread, and the ratio pair by pair.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RedisServer } from '@goflow/testing';
import { readArguments } from './arguments.js';
import type { Job, Measurement } from './measurement.js';
import { type Pair, summarise, toTable } from './summary.js';

const MEASURE_ONE = fileURLToPath(new URL('./measure-one.js', import.meta.url));

async function main(): Promise<void> {
  const { rounds, count, concurrency, json } = readArguments(process.argv.slice(2));
  await using server = await RedisServer.start();
  const warmUp = Math.ceil(count / 3);
  const job: Job = { redis: server.url, count, warmUp, concurrency };
  process.stdout.write(
    `${count} tiny tasks, concurrency ${concurrency}, ${rounds} rounds after one to warm up; of each run the first third is not counted\n`,
  );
  await measurePair(job);
  const pairs: Pair[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    pairs.push(await measurePair(job));
    process.stdout.write(`round ${round} of ${rounds}\n`);
  }
  const rows = summarise(pairs, { pushed: count, run: count - warmUp });
  process.stdout.write(`\n${toTable(rows)}\n`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(rows, undefined, 2)}\n`);
}

/** Alternately, so that a noisy neighbour disturbs both; each in a fresh process and an empty Redis. */
async function measurePair(job: Job): Promise<Pair> {
  const bullmq = await measure('bullmq', job);
  const goflow = await measure('goflow', job);
  return { bullmq, goflow };
}

async function measure(which: 'bullmq' | 'goflow', job: Job): Promise<Measurement> {
  const child = spawn(process.execPath, [MEASURE_ONE, which, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`measuring ${which} failed with exit code ${String(code)}`);
  return JSON.parse(output) as Measurement;
}

await main();
