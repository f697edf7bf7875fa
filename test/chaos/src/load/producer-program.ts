// One producer process of the harness: goflow's client, pushing and waiting, and writing down what it was told.
import { setTimeout as pause } from 'node:timers/promises';
import { createGoflow } from '@goflow/sdk';
import { randomOf } from '../plan/random.js';
import { Ledger } from './ledger.js';
import { Load } from './load.js';
import { plantInProducer } from './plant.js';
import { answer, obey, readSettings, redisOf } from './process.js';
import { makeTasks } from './tasks.js';
import { drawKind } from './work-kinds.js';

const settings = readSettings();
const ledger = new Ledger(settings.ledger, settings.name);
const planted = await plantInProducer(settings.bug);
const goflow = createGoflow({
  tasks: makeTasks(settings.keptMs),
  redis: planted.redis(redisOf(settings.redis)),
  prefix: settings.prefix,
  timeout: '4s',
  minReplicas: settings.minReplicas,
});
const load = new Load({ goflow, ledger, name: settings.name, again: planted.again });

obey((order) => {
  if (order.do === 'load') void pushFor(order.ms, order.rate, order.seed);
  if (order.do === 'push') load.begin(order.kind, randomOf(0));
});

/** Pushes at a rate, however long each push takes, and then waits for every wait. */
async function pushFor(ms: number, rate: number, seed: number): Promise<void> {
  const random = randomOf(seed);
  const startedAt = performance.now();
  for (let pushed = 0; performance.now() - startedAt < ms; pushed += 1) {
    load.begin(drawKind(random), random);
    planted.onPush(settings.redis);
    const dueMs = startedAt + ((pushed + 1) * 1_000) / rate - performance.now();
    if (dueMs > 0) await pause(dueMs);
  }
  await load.idle();
  answer({ is: 'loaded' });
}

process.on('SIGTERM', () => {
  void goflow.close().then(() => {
    ledger.close();
    process.exit(0);
  });
});
answer({ is: 'ready' });
