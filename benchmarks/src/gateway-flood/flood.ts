import autocannon from 'autocannon';
import { payloadOf } from '../systems/system.js';

/** Where pushes go, and how many. */
export interface FloodOptions {
  readonly url: string;
  readonly token: string;
  readonly seconds: number;
  readonly connections: number;
  /** Requests a second, all connections together. `undefined`: as many as come through */
  readonly rate: number | undefined;
  /** The number of its first task. */
  readonly from: number;
}

/** How a flood was answered. */
export interface Flooded {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly sent: number;
  /** How often each status was answered. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Connections that were lost, and answers that did not come within 10 s. */
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
  /** The numbers of the tasks that were answered 201, by id. */
  readonly pushed: ReadonlyMap<string, number>;
}

/** Pushes tasks over HTTP for so long: each has a number of its own. */
export async function flood({ url, token, from, ...how }: FloodOptions): Promise<Flooded> {
  const statuses = new Map<number, number>();
  const pushed = new Map<string, number>();
  let next = from;
  const startedAt = Date.now();
  const { errors, timeouts, latency } = await autocannon({
    url: `${url}/tasks/tiny`,
    method: 'POST',
    connections: how.connections,
    duration: how.seconds,
    ...(how.rate === undefined ? {} : { overallRate: how.rate }),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    requests: [
      {
        setupRequest: (request, context) => {
          const n = next++;
          Object.assign(context, { n });
          return { ...request, body: JSON.stringify({ payload: payloadOf(n) }) };
        },
        onResponse: (status, body, context) => {
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          if (status !== 201) return;
          const { id } = JSON.parse(body) as { id: string };
          pushed.set(id, (context as { n: number }).n);
        },
      },
    ],
  });
  return {
    startedAt,
    endedAt: Date.now(),
    sent: next - from,
    statuses,
    errors: errors + timeouts,
    p50: latency.p50,
    p99: latency.p99,
    pushed,
  };
}
