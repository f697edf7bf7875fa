import { defineTasks, type Goflow } from '@goflow/sdk';
import { RedisServer, testPrefix, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { expectProblem } from '../support/http.js';
import type { Place } from '../support/redis.js';
import { makeWorker } from '../support/system.js';
import { startGateway } from './gateway.js';

const tasks = defineTasks({
  'mail.send': {
    payload: z.object({ to: z.string(), password: z.string().optional() }),
    result: z.string(),
    maxAttempts: 1,
    redact: ['password'],
  },
  'image.resize': { payload: z.number(), result: z.number(), maxAttempts: 1, queue: 'images' },
});
type Definitions = (typeof tasks)['definitions'];

/** A gateway beside a worker whose mails fail until they are mended, and a number of dead letters. */
async function startWithDead(count: number, place?: Place) {
  const started = await startGateway({ tasks, ...(place && { place }) });
  const state = { isMended: false };
  const worker = makeWorker(
    {
      tasks,
      handlers: {
        'mail.send': ({ to }) => {
          if (state.isMended || to === 'good') return `to ${to}`;
          throw new Error(`no mailbox of ${to}`);
        },
        'image.resize': () => {
          throw new TypeError('no image');
        },
      },
    },
    started.place,
  );
  await worker.start();
  const ids = await pushDead(started.goflow, count);
  return { ...started, state, ids };
}

async function pushDead(goflow: Goflow<Definitions>, count: number): Promise<readonly string[]> {
  const payloads = Array.from({ length: count }, (_, index) => ({ to: `user ${index}` }));
  const ids = await goflow.pushMany('mail.send', payloads);
  await goflow.waitAll(ids);
  return ids;
}

test('dead letters are listed by pages and filters, and grouped, by who may read', async () => {
  const { ask, goflow } = await startWithDead(5);
  await goflow.waitAll([await goflow.push('image.resize', 1)]);
  const first = await ask('/dead-letters?type=mail.send&limit=3', { role: 'read' });
  const page = first.json as { tasks: { status: string; reason: string }[]; next: string };
  expect(page.tasks.map(({ status, reason }) => [status, reason])).toEqual(
    Array(3).fill(['failed', 'exhausted']),
  );
  const rest = await ask(`/dead-letters?type=mail.send&limit=3&cursor=${page.next}`);
  expect((rest.json as typeof page).tasks).toHaveLength(2);
  expect(rest.json).not.toHaveProperty('next');
  const groups = await ask('/dead-letters/groups', { role: 'read' });
  expect(groups.json).toMatchObject({
    groups: [
      { type: 'mail.send', count: 5 },
      { type: 'image.resize', count: 1 },
    ],
    examined: 6,
    complete: true,
  });
  const [{ fingerprint }] = (groups.json as { groups: [{ fingerprint: string }] }).groups;
  const ofOne = await ask(`/dead-letters/groups?fingerprint=${fingerprint}&limit=2`);
  expect(ofOne.json).toMatchObject({ groups: [{ count: 2 }], complete: false });
  const none = await ask('/dead-letters?queue=images&since=2100-01-01T00:00:00Z');
  expect(none.json).toEqual({ tasks: [] });
});

test('a filter, a cursor or a limit that is wrong is refused by its name', async () => {
  const { ask } = await startGateway({ tasks });
  for (const [query, code] of [
    ['?limit=0', 'OPTION_INVALID'],
    ['?limit=1001', 'OPTION_INVALID'],
    ['?limit=one', 'REQUEST_INVALID'],
    ['?cursor=made-up', 'CURSOR_INVALID'],
    ['?since=yesterday', 'REQUEST_INVALID'],
    ['?until=2020-02-30T00:00:00Z', 'REQUEST_INVALID'],
    ['?reason=none', 'OPTION_INVALID'],
    ['?fingerprint=short', 'OPTION_INVALID'],
    ['?type=A', 'OPTION_INVALID'],
    ['?queue=a%3Ab', 'OPTION_INVALID'],
    ['?text=', 'OPTION_INVALID'],
    ['?typo=1', 'REQUEST_INVALID'],
    ['?type=a&type=b', 'REQUEST_INVALID'],
    ['/groups?within=1h', 'OPTION_INVALID'],
    ['/groups?cursor=x', 'REQUEST_INVALID'],
  ] as const)
    expectProblem(await ask(`/dead-letters${query}`), 400, code);
});

test('one is redriven, with its payload or another one', async () => {
  const { ask, goflow, ids, state } = await startWithDead(2);
  const [one = '', other = ''] = ids;
  state.isMended = true;
  const done = await ask(`/dead-letters/${one}/redrive`, { method: 'POST' });
  expect(done).toMatchObject({ status: 200, json: { id: one, found: 'failed', redriven: true } });
  expect(await goflow.wait(one)).toBe('to user 0');
  state.isMended = false;
  await ask(`/dead-letters/${other}/redrive`, { body: { payload: { to: 'good' } } });
  expect(await goflow.wait(other)).toBe('to good');
  const again = await ask(`/dead-letters/${one}/redrive`, { method: 'POST' });
  expect(again.json).toEqual({ id: one, found: 'completed', redriven: false });
  const kept = await ask(`/dead-letters/${one}`, { method: 'DELETE' });
  expect(kept.json).toEqual({ id: one, found: 'completed', discarded: false });
});

test('one is discarded', async () => {
  const { ask, ids, goflow } = await startWithDead(1);
  const [id = ''] = ids;
  const done = await ask(`/dead-letters/${id}`, { method: 'DELETE' });
  expect(done.json).toEqual({ id, found: 'failed', discarded: true });
  expect(await goflow.getResult(id)).toMatchObject({ status: 'unknown' });
  expectProblem(await ask(`/dead-letters/${id}`, { method: 'DELETE' }), 404, 'TASK_UNKNOWN');
});

test('there are no dead letters of made-up ids', async () => {
  const { ask } = await startGateway({ tasks });
  const ids = ['default:0190b4f0c7d17c3e8a5d2f4b6a8c0e1d', 'x', '%20', '%00', 'a%2Fb'];
  for (const id of [...ids, 'x'.repeat(1_500)]) {
    const redriven = await ask(`/dead-letters/${id}/redrive`, { body: {} });
    expectProblem(redriven, 404, 'TASK_UNKNOWN');
    expectProblem(await ask(`/dead-letters/${id}`, { method: 'DELETE' }), 404, 'TASK_UNKNOWN');
  }
});

test('a payload that the contract refuses, or a body that is none, redrives nothing', async () => {
  const { ask, ids, goflow } = await startWithDead(1);
  for (const [body, code] of [
    ['{"payload":{"to":7}}', 'PAYLOAD_INVALID'],
    ['{"payload":null}', 'PAYLOAD_INVALID'],
    ['{"delay":1}', 'REQUEST_INVALID'],
    ['[]', 'REQUEST_INVALID'],
    ['null', 'REQUEST_INVALID'],
    ['{', 'REQUEST_INVALID'],
  ] as const)
    expectProblem(await ask(`/dead-letters/${ids[0]}/redrive`, { body }), 400, code);
  expect(await goflow.getResult(ids[0] ?? '')).toMatchObject({ status: 'failed' });
});

test('all of a filter are counted, redriven and discarded', async () => {
  const { ask, goflow, ids, state } = await startWithDead(6);
  const filter = { type: 'mail.send' };
  const dry = await ask('/dead-letters/redrive', { body: { filter, dryRun: true } });
  expect(dry.json).toMatchObject({ dryRun: true, matched: 6, examined: 6, complete: true });
  expect(await goflow.counts()).toMatchObject({ failed: 6 });
  state.isMended = true;
  const some = await ask('/dead-letters/redrive', { body: { filter, limit: 2, rate: 1_000 } });
  expect(some.json).toMatchObject({ redriven: 2, failedCount: 0, failed: [], complete: false });
  const none = await ask('/dead-letters/redrive', { body: { filter: { tag: 'none' } } });
  expect(none.json).toMatchObject({ redriven: 0, complete: true });
  const dropped = await ask('/dead-letters/discard', { body: { filter, limit: 3 } });
  expect(dropped.json).toMatchObject({ discarded: 3, complete: false });
  const last = await ask('/dead-letters/redrive', { body: { filter: {}, rate: 1_000 } });
  expect(last.json).toMatchObject({ redriven: 1, complete: true });
  await until(async () => (await goflow.counts()).completed === 3, { what: 'three mended' });
  expect(ids).toHaveLength(6);
});

test('a run that takes too long tells how far it came, and the same request does the rest', async () => {
  const { ask, goflow, state } = await startWithDead(12);
  state.isMended = true;
  const body = { filter: {}, rate: 10, within: '300ms' };
  const first = await ask('/dead-letters/redrive', { body });
  const report = first.json as { redriven: number; complete: boolean; until: string };
  expect(first.status).toBe(200);
  expect(report.complete).toBe(false);
  expect(report.redriven).toBeLessThan(12);
  const rest = { filter: { until: report.until }, rate: 1_000 };
  const second = await ask('/dead-letters/redrive', { body: rest });
  expect(second.json).toMatchObject({ redriven: 12 - report.redriven, complete: true });
  await until(async () => (await goflow.counts()).completed === 12, { what: 'all mended' });
});

test('a run whose Redis goes away tells how far it came', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const place = { redis: server.url, prefix: testPrefix() };
  const { ask, goflow } = await startWithDead(40, place);
  const body = { filter: {}, rate: 20, within: '60s' };
  const redriving = ask('/dead-letters/redrive', { body });
  await until(async () => (await goflow.counts()).failed < 40, { what: 'the first of them' });
  await server.stop();
  const answer = await redriving;
  expectProblem(answer, 503, 'BROKER_UNAVAILABLE');
  expect(answer.json).toMatchObject({ progress: { examined: 40, failedCount: 0 } });
  const { progress } = answer.json as { progress: { done: number } };
  expect(progress.done).toBeGreaterThan(0);
});

test('what failed since the first run is left alone by its repetition', async () => {
  const { ask, goflow } = await startWithDead(1);
  const { until: before } = (
    await ask('/dead-letters/redrive', { body: { filter: {}, dryRun: true } })
  ).json as { until: string };
  await pushDead(goflow, 2);
  const body = { filter: { until: before }, dryRun: true };
  expect((await ask('/dead-letters/discard', { body })).json).toMatchObject({ matched: 1 });
});

test('a filter has to be said, and no other field is taken', async () => {
  const { ask, goflow } = await startWithDead(1);
  for (const body of [
    '{}',
    '[]',
    '"all"',
    '{"filter":null}',
    '{"filter":[]}',
    '{"filter":{"typ":"a"}}',
    '{"filter":{"type":7}}',
    '{"filter":{"since":1}}',
    '{"filter":{},"dryRun":"yes"}',
    '{"filter":{},"dryRun":true,"limit":0}',
    '{"filter":{},"limit":0}',
    '{"filter":{},"limit":null}',
    '{"filter":{},"within":"2m"}',
    '{"filter":{},"within":0}',
    '{"filter":{},"all":true}',
  ])
    for (const path of ['/dead-letters/redrive', '/dead-letters/discard'])
      expect([path, body, (await ask(path, { body })).status]).toEqual([path, body, 400]);
  expect(await goflow.counts()).toMatchObject({ failed: 1 });
});

test('a rate is of a redrive, and in its bounds', async () => {
  const { ask } = await startGateway({ tasks });
  for (const [path, rate] of [
    ['/dead-letters/discard', 10],
    ['/dead-letters/redrive', 0],
    ['/dead-letters/redrive', 1e9],
  ] as const)
    expect((await ask(path, { body: { filter: {}, rate } })).status).toBe(400);
});

test('who may not operate looks only', async () => {
  const { ask } = await startGateway({ tasks });
  const changes = [
    ['POST', '/dead-letters/redrive'],
    ['POST', '/dead-letters/discard'],
    ['POST', '/dead-letters/x/redrive'],
    ['DELETE', '/dead-letters/x'],
  ] as const;
  for (const role of ['read', 'push'] as const)
    for (const [method, path] of changes)
      expectProblem(await ask(path, { method, role, body: '{"filter":{}}' }), 403, 'FORBIDDEN');
  for (const path of ['/dead-letters', '/dead-letters/groups'])
    expectProblem(await ask(path, { role: 'none' }), 401, 'UNAUTHORIZED');
});
