import { request } from 'node:http';
import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { chance, type Random } from '../security/chance.js';
import { expectProblem } from '../support/http.js';
import { makeWorker } from '../support/system.js';
import { startGateway, TOKENS } from './gateway.js';

const tasks = defineTasks({
  count: { payload: z.number(), result: z.number() },
  other: { payload: z.number(), result: z.number() },
});

test('a key makes a repeated push the same task, whatever else it says', async () => {
  const { ask } = await startGateway({ tasks });
  const push = (body: object, key = 'order 7', type = 'count') =>
    ask(`/tasks/${type}`, { body, headers: { 'idempotency-key': key } });
  const first = await push({ payload: 1 });
  const again = await push({ payload: 1, delay: '1h' });
  expect([first.status, again.status]).toEqual([201, 200]);
  expect(again.json).toEqual({ ...(first.json as object), deduplicated: true });
  expectProblem(await push({ payload: 2 }), 409, 'TASK_ID_TAKEN');
  expect((await push({ payload: 2 }, 'order 8')).status).toBe(201);
  expect((await push({ payload: 2 }, 'order 7', 'other')).status).toBe(201);
  const both = await push({ payload: 1, id: 'mine' });
  expectProblem(both, 400, 'REQUEST_INVALID');
  expect((await push({ payload: 1, deduplicationKey: 'x' })).status).toBe(400);
  for (const key of ['', 'x'.repeat(256), 'schön'])
    expect([key.length, (await push({ payload: 1 }, key)).status]).toEqual([key.length, 400]);
});

test('a key that is given twice is refused', async () => {
  const { url } = await startGateway({ tasks });
  const headers = ['Host', 'x', 'Authorization', `Bearer ${TOKENS.push}`];
  const status = await new Promise((resolve, reject) => {
    const sent = request(`${url}/tasks/count`, {
      method: 'POST',
      agent: false,
      headers: [...headers, 'Idempotency-Key', 'a', 'Idempotency-Key', 'b'] as never,
    });
    sent.once('error', reject);
    sent.once('response', (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
    });
    sent.end('{"payload":1}');
  });
  expect(status).toBe(400);
});

/** Where a request is cut. */
type Cut = 'in the body' | 'before the reply' | 'in the reply';
const CUTS: readonly Cut[] = ['in the body', 'before the reply', 'in the reply'];
/** In a hundred. */
const SHARE = 10;
const ONES = 2_000;
const BULKS = 100;
const AT_ONCE = 50;

interface Sending {
  readonly path: string;
  readonly body: string;
  readonly key: string;
}

/** Sends once; the status, or nothing where it was cut. */
function send(
  url: string,
  { path, body, key }: Sending,
  cut: Cut | undefined,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const sent = request(`${url}${path}`, {
      method: 'POST',
      agent: false,
      headers: {
        authorization: `Bearer ${TOKENS.push}`,
        'content-length': Buffer.byteLength(body),
        'idempotency-key': key,
      },
    });
    sent.on('error', () => resolve(undefined));
    sent.once('close', () => resolve(undefined));
    sent.once('response', (response) => {
      if (cut === 'in the reply') sent.destroy();
      response.resume().once('end', () => resolve(response.statusCode));
    });
    if (cut === 'in the body') sent.write(body.slice(0, body.length / 2), () => sent.destroy());
    else sent.end(body, () => cut === 'before the reply' && setImmediate(() => sent.destroy()));
  });
}

/** Sends until it is answered, a tenth of the times in vain. */
async function sendSurely(url: string, sending: Sending, random: Random): Promise<number> {
  for (let time = 1; time < 20; time += 1) {
    const cut = random(100) < SHARE ? CUTS[random(CUTS.length)] : undefined;
    const status = await send(url, sending, cut);
    if (status !== undefined) {
      expect([200, 201]).toContain(status);
      return time;
    }
  }
  throw new Error('nineteen times in vain');
}

test('of requests that are cut in the middle and repeated no task is lost, and none is doubled', async () => {
  const { url, place, goflow } = await startGateway({ tasks, gateway: { rateLimit: 1_000_000 } });
  const random = chance(11);
  const ones = Array.from({ length: ONES }, (_, n): Sending => {
    return { path: '/tasks/count', body: JSON.stringify({ payload: n }), key: `one ${n}` };
  });
  const bulks = Array.from({ length: BULKS }, (_, index): Sending => {
    const payloads = Array.from({ length: 5 }, (_n, place) => ONES + index * 5 + place);
    return { path: '/tasks/count/bulk', body: JSON.stringify({ payloads }), key: `bulk ${index}` };
  });
  const waiting = [...ones, ...bulks].values();
  let repeated = 0;
  const sender = async () => {
    for (const sending of waiting) {
      const times = await sendSurely(url, sending, random);
      repeated += times - 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  expect(repeated).toBeGreaterThan(100);
  const all = ONES + BULKS * 5;
  expect((await goflow.counts()).waiting).toBe(all);
  const ran: number[] = [];
  const count = (n: number) => ran.push(n);
  const worker = makeWorker({ tasks, handlers: { count, other: count }, concurrency: 100 }, place);
  await worker.start();
  const drained = async () => (await goflow.counts()).completed === all;
  await until(drained, { what: 'all tasks to run' });
  expect(ran.sort((a, b) => a - b)).toEqual(Array.from({ length: all }, (_, n) => n));
}, 150_000);
