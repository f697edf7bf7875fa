import type { Scenario } from '../scenario.js';
import { gateway } from './gateway.js';
import { idleWorker } from './idle-worker.js';
import { importSdk } from './import-sdk.js';
import { memory, memoryChunks } from './memory.js';
import { million } from './million.js';
import { pushAndRun } from './push-and-run.js';
import { pushChunks } from './push-chunks.js';
import { push1000, push20000 } from './push-in-flight.js';
import { pushOne } from './push-one.js';
import { run } from './run.js';
import { runChunks } from './run-chunks.js';
import { scaleOut } from './scale-out.js';
import { startWorker } from './start-worker.js';
import { wait10Clients } from './wait-10-clients.js';
import { wait1000 } from './wait-1000.js';
import { waitOne } from './wait-one.js';

/** Every scenario, in the order of the tables. */
export const SCENARIOS: readonly Scenario[] = [
  pushOne,
  push1000,
  push20000,
  run,
  pushAndRun,
  pushChunks,
  runChunks,
  waitOne,
  wait1000,
  wait10Clients,
  memory,
  memoryChunks,
  million,
  scaleOut,
  idleWorker,
  importSdk,
  startWorker,
  gateway,
];

/** @throws Error when there is none of that name */
export function findScenario(name: string): Scenario {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  return scenario;
}
