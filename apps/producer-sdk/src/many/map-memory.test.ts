import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { TaskId } from '@goflow/shared';
import { expect, test } from 'vitest';
import { type MapPorts, mapTasks } from './map.js';

const IN_FLIGHT = 1_000;

/** A client whose tasks end at once, and that counts what it still holds. */
function instantPorts() {
  const open = { now: 0, most: 0 };
  const ports: MapPorts = {
    push: async (_payload, index) => {
      open.now += 1;
      open.most = Math.max(open.most, open.now);
      return `q:${index}`;
    },
    follow: (id: TaskId, ended) => {
      queueMicrotask(() => {
        open.now -= 1;
        ended({ status: 'unknown', id });
      });
      return { id, leave: () => undefined };
    },
    cancel: async () => undefined,
  };
  return { ports, open };
}

function* numbers(count: number) {
  for (let index = 0; index < count; index += 1) yield { index };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapMb(): number {
  collect();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}

// In order, fewer: it is the same bound, and takes its time.
test.each([
  { ordered: false, items: 1_000_000 },
  { ordered: true, items: 200_000 },
])(
  'however many items there are, they leave no trace in memory: %j',
  async ({ ordered, items }) => {
    const { ports, open } = instantPorts();
    const heaps: number[] = [];
    let given = 0;
    for await (const _ of mapTasks(numbers(items), { inFlight: IN_FLIGHT, ordered }, ports)) {
      given += 1;
      if (given === items / 10 || given === items - IN_FLIGHT) heaps.push(heapMb());
    }
    expect(given).toBe(items);
    expect(open.now).toBe(0);
    expect(open.most).toBeLessThanOrEqual(IN_FLIGHT);
    const [early = 0, late = 0] = heaps;
    // Nine tenths of the items lie between: at 16 bytes each they would show.
    expect((late - early) * 1024 * 1024).toBeLessThan(items * 0.9 * 16);
  },
);
