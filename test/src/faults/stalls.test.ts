import { type RedisServer, until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { openRedis } from '../support/redis.js';
import { expectAll, measure, pushSteps, repeats, startCrew, startRedis } from './rig.js';

type Stall = (server: RedisServer, ms: number) => Promise<unknown>;
const freeze: Stall = async (server, ms) => {
  server.pause();
  await new Promise((resolve) => setTimeout(resolve, ms));
  server.resume();
};
const pauseWrites: Stall = (server, ms) =>
  openRedis(server.url).call('CLIENT', 'PAUSE', ms, 'WRITE');

test.each([
  { row: 'F36', what: 'Redis stands still', lease: '2s', stall: freeze, ms: 4_000 },
  { row: 'F36', what: 'Redis stands still', lease: '30s', stall: freeze, ms: 4_000 },
  { row: 'F37', what: 'Redis takes no writes', lease: '2s', stall: pauseWrites, ms: 5_000 },
  { row: 'F37', what: 'Redis takes no writes', lease: '30s', stall: pauseWrites, ms: 5_000 },
] as const)(
  '$what, with a lease of $lease: all complete, and only a lease that is shorter than that is lost',
  async ({ row, lease, stall, ms }) => {
    const server = await startRedis();
    const crew = await startCrew({ client: server.url, worker: server.url }, { lease });
    const ids = await pushSteps(crew.goflow, { count: 30, ms: 300 });
    await until(() => crew.ran.length >= 10, { what: 'ten to run' });
    await stall(server, ms);
    const tell = measure(`${row}, lease ${lease}`);
    await expectAll(crew.goflow, ids);
    tell({ lost: 0, duplicates: repeats(crew.ran) });
    // No more than what ran at that moment.
    expect(repeats(crew.ran)).toBeLessThanOrEqual(lease === '30s' ? 0 : 10);
    expect(crew.troubles.length).toBeLessThan(20);
  },
);
