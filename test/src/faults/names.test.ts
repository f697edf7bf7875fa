import { expect, test } from 'vitest';
import { openRedis } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { tasks } from './fault-tasks.mjs';
import {
  expectAll,
  Ledger,
  measure,
  pushSteps,
  repeats,
  startRedis,
  startWorkerProgram,
} from './rig.js';

test('a name that cannot be resolved, and then leads elsewhere: the worker follows', async () => {
  const server = await startRedis('--bind', '127.0.0.1 127.0.0.2 127.0.0.3');
  const ledger = new Ledger();
  const leadTo = (address: string): string => ledger.write('hosts', address);
  const hosts = leadTo('127.0.0.2');
  const preload = new URL('../fixtures/own-resolver.mjs', import.meta.url).href;
  const env = { NODE_OPTIONS: `--import ${preload}`, OWN_HOSTS: hosts };
  const byName = { redis: `redis://redis.test:${server.port}`, prefix: 'faults' };
  const worker = startWorkerProgram(byName, ledger, { env, flags: ['--lease', '2s'] });
  await worker.line(/worker started/);
  const goflow = openClient(tasks, { redis: server.url, prefix: 'faults' });
  await expectAll(goflow, await pushSteps(goflow, { count: 5 }));
  const admin = openRedis(server.url);
  const addresses = async (): Promise<readonly (string | undefined)[]> => {
    const list = String(await admin.client('LIST'));
    return [...list.matchAll(/laddr=(127\.0\.0\.[23]):/g)].map(([, address]) => address);
  };
  expect(new Set(await addresses())).toEqual(new Set(['127.0.0.2']));
  leadTo('');
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await worker.line(/ENOTFOUND/);
  leadTo('127.0.0.3');
  const tell = measure('F24');
  const ids = await pushSteps(goflow, { count: 20 });
  await expectAll(goflow, ids);
  tell({ lost: 0, duplicates: repeats(ledger.of('begin').map(({ n }) => n)) - 5 });
  expect(new Set(await addresses())).toContain('127.0.0.3');
});
