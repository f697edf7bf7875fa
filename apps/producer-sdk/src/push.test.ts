import { createFakeClock, createMemoryBroker } from '@goflow/broker/memory';
import { defineTasks, type PushOptions } from '@goflow/shared';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { createGoflow } from './create-goflow.js';
import type { PushMiddleware } from './push-middleware.js';

const START = 1_800_000_000_000;
const HOUR = 3_600_000;
const YEAR = 366 * 24 * HOUR;
const text = { payload: z.string(), result: z.string() };
const tasks = defineTasks({
  plain: text,
  timed: { ...text, startBy: '1h', deadline: '1d', retention: { completed: '2h', failed: '3h' } },
});

/** A client on a clock that stands still; `sent` gives what went to the broker. */
function open(middleware: readonly PushMiddleware[] = []) {
  const clock = createFakeClock(START);
  const { client } = createMemoryBroker({ clock });
  const push = vi.spyOn(client, 'push');
  const goflow = createGoflow({ tasks, broker: client, middleware });
  onTestFinished(() => goflow.close());
  const sent = () => push.mock.calls.map(([envelope]) => envelope);
  return { goflow, sent };
}

async function envelopeFor(type: 'plain' | 'timed', options?: PushOptions) {
  const { goflow, sent } = open();
  await goflow.push(type, 'x', options);
  const [envelope] = sent();
  if (!envelope) throw new Error('nothing was sent');
  return envelope;
}

test('a plain push carries nothing but itself', async () => {
  expect(await envelopeFor('plain')).toEqual({
    id: expect.stringMatching(/^default:[\w-]{22}$/),
    queue: 'default',
    type: 'plain',
    payloadJson: '"x"',
    priority: 0,
    pushedAt: START,
  });
});

test.each([
  ['a delay', { delay: '1h' }, HOUR],
  ['no delay', { delay: 0 }, undefined],
  ['a time ahead', { runAt: new Date(START + HOUR) }, HOUR],
  ['the latest time', { runAt: new Date(START + YEAR) }, YEAR],
  ['a time past', { runAt: new Date(0) }, undefined],
  ['this time', { runAt: new Date(START) }, undefined],
] as const)('%s, by the clock of the broker', async (_what, options, delayMs) => {
  expect((await envelopeFor('plain', options)).delayMs).toBe(delayMs);
});

test('startBy counts from when it could first be taken, a deadline from the push', async () => {
  const limits = { startBy: '2h', deadline: '5h' } as const;
  const none = await envelopeFor('plain');
  expect([none.startBy, none.deadline]).toEqual([undefined, undefined]);
  expect(await envelopeFor('plain', limits)).toMatchObject({
    startBy: START + 2 * HOUR,
    deadline: START + 5 * HOUR,
  });
  for (const later of [{ delay: '1h' }, { runAt: new Date(START + HOUR) }] as const)
    expect(await envelopeFor('plain', { ...limits, ...later })).toMatchObject({
      startBy: START + 3 * HOUR,
      deadline: START + 5 * HOUR,
    });
  // A time past is now.
  expect(await envelopeFor('plain', { ...limits, runAt: new Date(0) })).toMatchObject({
    startBy: START + 2 * HOUR,
  });
});

test('what the push does not say the contract says, of time and of retention', async () => {
  const contract = await envelopeFor('timed');
  expect(contract).toMatchObject({ startBy: START + HOUR, deadline: START + 24 * HOUR });
  // The worker and the reader have the contract, too.
  expect(contract).not.toHaveProperty('retention');
  expect(await envelopeFor('timed', { startBy: '3h', retention: { failed: '1m' } })).toMatchObject({
    startBy: START + 3 * HOUR,
    deadline: START + 24 * HOUR,
    retention: { completedMs: 2 * HOUR, failedMs: 60_000 },
  });
});

test('a debounced task waits for its window', async () => {
  const options = { deduplicationKey: 'k', deduplicationWindow: { debounce: '1h' } } as const;
  expect(await envelopeFor('plain', options)).toMatchObject({
    delayMs: HOUR,
    deduplication: { key: 'k', mode: 'debounce', windowMs: HOUR },
  });
});

test('a time of more than 366 days ahead is refused, by the clock of the broker, and nothing is sent', async () => {
  const { goflow, sent } = open();
  for (const runAt of [new Date(START + YEAR + 1), new Date(8.64e15)])
    await expect(goflow.push('plain', 'x', { runAt })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      details: { option: 'runAt' },
    });
  expect(sent()).toEqual([]);
});

test('of many, the payload that is wrong is named by its place, and none is sent', async () => {
  const { goflow } = open();
  await expect(goflow.pushMany('plain', ['a', 'b', 5 as never, 'c'])).rejects.toMatchObject({
    code: 'PAYLOAD_INVALID',
    message: expect.stringContaining('payloads[2]: '),
    details: { index: 2 },
  });
  expect(await goflow.counts()).toMatchObject({ waiting: 0 });
});

test('its place is that among the payloads, though middleware answered for one before it', async () => {
  const known: PushMiddleware = async (request, next) =>
    request.payload === 'a' ? { id: 'default:known', deduplicated: true } : next();
  const { goflow } = open([known]);
  const wrong = { pushed: false, error: { code: 'PAYLOAD_INVALID', details: { index: 2 } } };
  await expect(goflow.pushMany('plain', ['a', 'b', 5 as never])).rejects.toMatchObject({
    code: 'PUSH_INCOMPLETE',
    outcomes: [{ id: 'default:known', pushed: true }, wrong, wrong],
  });
  expect(await goflow.counts()).toMatchObject({ waiting: 0 });
});

test('who listens is told of each task that is in, pushed by itself or among many', async () => {
  const { goflow } = open();
  const told: unknown[] = [];
  const first = await goflow.push('plain', 'nobody listens yet');
  goflow.on('task:pushed', (event) => told.push(event));
  const ids = [await goflow.push('plain', 'a'), ...(await goflow.pushMany('plain', ['b', 'c']))];
  expect(ids).not.toContain(first);
  expect(told).toEqual(ids.map((id) => ({ id, type: 'plain', deduplicated: false })));
});
