import type { FaultProxy } from '@goflow/testing';
import { expect, test } from 'vitest';
import {
  expectAll,
  measure,
  pushSteps,
  repeats,
  startCrew,
  startProxy,
  startRedis,
} from './rig.js';

test.each([
  ['200 ms and up to 100 ms more each way', '5s', (proxy) => proxy.setLatency(200, 100)],
  ['8 KB a second', '30s', (proxy) => proxy.setThrottle(8_000)],
  ['single bytes', '5s', (proxy) => proxy.splitBytes()],
] satisfies [string, '5s' | '30s', (proxy: FaultProxy) => void][])(
  'a slow network, %s: slower, and nothing runs twice',
  async (what, lease, slow) => {
    const server = await startRedis();
    const proxy = await startProxy(server);
    const ways = { client: server.url, worker: proxy.url(server.url) };
    const crew = await startCrew(ways, { lease });
    slow(proxy);
    const tell = measure(`F22, ${what}`);
    // One is longer than the shorter lease, which must be renewed through this.
    const [long] = await pushSteps(crew.goflow, { count: 1, ms: 7_000 });
    const short = await pushSteps(crew.goflow, { count: 4, first: 1 });
    await expectAll(crew.goflow, [long ?? raise(), ...short]);
    tell({ lost: 0, duplicates: repeats(crew.ran) });
    expect(repeats(crew.ran)).toBe(0);
    expect(crew.lost).toEqual([]);
  },
);

function raise(): never {
  throw new Error('no id');
}
