import autocannon from 'autocannon';
import { Child } from '../processes/child.js';
import { type HttpOrder, type HttpReport, TOKEN } from '../processes/http-server/http-order.js';
import { defineScenario } from '../scenario.js';
import { payloadOf } from '../systems/system.js';

const SERVER = new URL('../processes/http-server/main.js', import.meta.url);
const CONNECTIONS = 64;

interface Size {
  /** In requests: so many, and Node has compiled what is hot. */
  readonly warmUp: number;
  readonly seconds: number;
}

/** Pushes over HTTP. */
export const gateway = defineScenario({
  name: 'gateway',
  about:
    'Pushes over HTTP, 64 connections: the gateway against Express that parses, checks and calls queue.add.',
  sizes: {
    full: { warmUp: 15_000, seconds: 10 },
    quick: { warmUp: 3_000, seconds: 3 },
  },
  systems: ['goflow', 'bullmq'],
  figures: () => [
    {
      key: 'rate',
      title: 'push over HTTP, 64 connections',
      unit: 'tasks/s',
      reach: { of: 'ratio', is: '>=', than: 0.8 },
    },
  ],
  async measure({ system, redis, size }) {
    const pushed = await load({ system, redis }, size);
    const values = { rate: pushed.rate, 'p99, ms': pushed.p99 };
    if (system === 'goflow') return { values };
    const checked = await load({ system: 'check only', redis }, size);
    return { values: { ...values, 'Express that only checks, requests/s': checked.rate } };
  },
});

async function load(order: HttpOrder, { warmUp, seconds }: Size) {
  const child = new Child<HttpReport>(SERVER, order);
  try {
    const { url } = await child.next();
    await child.whileAlive(fire(url, { amount: warmUp }));
    const { requests, latency, non2xx, errors } = await child.whileAlive(
      fire(url, { duration: seconds }),
    );
    if (non2xx + errors > 0) throw new Error(`${non2xx} refusals and ${errors} errors`);
    return { rate: requests.average, p99: latency.p99 };
  } finally {
    await child.kill();
  }
}

type Extent = Pick<autocannon.Options, 'amount' | 'duration'>;

function fire(url: string, extent: Extent): Promise<autocannon.Result> {
  return Promise.resolve(
    autocannon({
      url: `${url}/tasks/tiny`,
      method: 'POST',
      connections: CONNECTIONS,
      ...extent,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ payload: payloadOf(1) }),
    }),
  );
}
