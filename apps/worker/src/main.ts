#!/usr/bin/env node
// The only file of this project that reads the environment, installs signal handlers or exits.
import { endWith, readArguments, runWorker } from './program/worker-program.js';

const name = 'goflow-worker';

async function main(): Promise<void> {
  const flags = readArguments(process.argv.slice(2), { name });
  await runWorker({ flags: flags as Record<string, string>, env: process.env, host: process });
}

main().catch((error: unknown) => endWith(error, { name, host: process }));
