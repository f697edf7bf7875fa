import { defineTasks } from '@goflow/sdk';
import { RedisServer, testPrefix, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { newPlace, openRedis, type Place } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';
import { runCli, startInTerminal } from './cli.js';

const tasks = defineTasks({
  echo: { payload: z.string(), result: z.string() },
  'image.resize': { payload: z.string(), result: z.string(), queue: 'images' },
});
const handlers = { echo: (payload: string) => payload, 'image.resize': (size: string) => size };

/** A worker with two queues, and some tasks that it has run. */
async function openFleet(place: Place) {
  const worker = makeWorker({ tasks, handlers, name: 'w1', labels: { region: 'eu' } }, place);
  await worker.start();
  const goflow = openClient(tasks, place);
  await goflow.waitAll(await goflow.pushMany('echo', ['a', 'b', 'c']));
  await goflow.wait(await goflow.push('image.resize', 'small'));
  await until(async () => (await goflow.inspector.workers()).length === 1, { what: 'the worker' });
  return { goflow, worker };
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const json = (stdout: string): unknown[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

test('queues --search finds what nobody told of, and it is told from then on', async () => {
  const place = newPlace();
  await openFleet(place);
  expect(await openRedis(place.redis).srem(`${place.prefix}:{fleet}:queues`, 'images')).toBe(1);
  const names = async (...flags: string[]) => {
    const { code, stdout } = await runCli(place, ['queues', '--json', ...flags]);
    expect(code).toBe(0);
    return json(stdout).map((queue) => (queue as { queue: string }).queue);
  };
  expect(await names()).toEqual(['default']);
  expect(await names('--search')).toEqual(['default', 'images']);
  expect(await names()).toEqual(['default', 'images']);
});

test('queues, pause, resume: a queue is listed, stops, and goes on', async () => {
  const place = newPlace();
  const { goflow } = await openFleet(place);
  const call = (...args: string[]) => runCli(place, args);
  const listed = await call('queues');
  expect(listed.stdout).toMatch(/^QUEUE +STATE +WAITING/);
  expect(listed.stdout).toMatch(/\nimages +open +0 +0 +0 +- +1 /);
  expect(await call('pause', 'images', '--by', 'ada')).toMatchObject({
    code: 0,
    stdout: 'images is paused\n',
  });
  expect((await call('pause', 'images')).stdout).toBe('images was paused already\n');
  const id = await goflow.push('image.resize', 'large');
  expect(json((await call('queues', '--json')).stdout)).toMatchObject([
    { queue: 'default', isPaused: false },
    {
      queue: 'images',
      isPaused: true,
      counts: { waiting: 1 },
      oldestWaitingAt: expect.stringMatching(ISO),
    },
  ]);
  expect((await call('resume', 'images')).stdout).toBe('images goes on\n');
  expect(await goflow.wait(id)).toBe('large');
  expect(await call('pause', 'imgaes')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('QUEUE_UNKNOWN'),
  });
  const [list, empty, dead] = await Promise.all([
    call('list', '--queue', 'imgaes'),
    call('list', '--queue', 'images', '--state', 'failed'),
    call('dead', 'list', '--queue', 'imgaes'),
  ]);
  const unknown = expect.stringMatching(
    /QUEUE_UNKNOWN: there is no queue imgaes; did you mean images/,
  );
  expect(list).toMatchObject({ code: 4, stdout: '', stderr: unknown });
  expect(dead).toMatchObject({ code: 4, stdout: '', stderr: unknown });
  expect(empty).toMatchObject({ code: 0, stdout: '', stderr: 'no tasks\n' });
  expect(json((await call('audit', '--json')).stdout)).toMatchObject([
    { action: 'queue.resume', at: expect.stringMatching(ISO) },
    { action: 'queue.pause', by: 'ada' },
  ]);
  const trail = (await call('audit')).stdout;
  expect(trail).toMatch(/\d{4}-\d\d-\d\dT\S+ +ada +images: paused\n/);
  expect(trail).toContain('images: resumed');
});

test('concurrency: set, shown, inherited, reset, and who did it', async () => {
  const place = newPlace();
  const { worker } = await openFleet(place);
  const call = (...args: string[]) => runCli(place, args);
  const set = await call('concurrency', 'set', '3', '--queue', 'images', '--label', 'region=eu');
  expect(set).toMatchObject({ code: 0, stdout: 'images of workers with region=eu: 3\n' });
  await until(() => worker.concurrency.images === 3, { what: 'the worker to have it' });
  expect(worker.concurrency).toEqual({ default: 10, images: 3 });
  await call('concurrency', 'set', '7', '--by', 'ada');
  await until(() => worker.concurrency.default === 7, { what: 'the worker to have both' });
  expect(worker.concurrency.images).toBe(3);
  const shown = await call('concurrency', 'get');
  expect(shown.stdout).toMatch(/ 3 +images of workers with region=eu /);
  expect(shown.stdout).toMatch(/ 7 +all workers +ada /);
  expect(shown.stdout).toContain('region=eu');
  expect(json((await call('concurrency', 'get', '--json')).stdout)).toMatchObject([
    {
      rules: [
        { concurrency: 3, at: expect.stringMatching(ISO) },
        { concurrency: 7, by: 'ada' },
      ],
      workers: [{ name: 'w1' }],
    },
  ]);
  expect((await call('concurrency', 'reset')).stdout).toBe('all workers: no longer 7\n');
  expect(await call('concurrency', 'reset')).toMatchObject({ code: 4 });
  await until(() => worker.concurrency.default === 10, { what: 'its own again' });
  expect((await call('audit', '--limit', '1')).stdout).toContain('concurrency 7 → none');
});

test.each([
  [['concurrency', 'set', 'x'], 'expected a whole number, 0 to 10000, got "x"'],
  [['concurrency', 'set', '10001'], 'concurrency'],
  [['concurrency', 'set', '5', '--label', 'eu'], 'expected key=value, got "eu"'],
  [['concurrency', 'set', '5', '--queue', 'Not A Queue'], 'queue'],
  [['audit', '--limit', '0'], '--limit'],
  [['top', '--interval', '1ms'], '--interval'],
  [['pause'], "missing required argument 'queue'"],
])('%j is refused with 2', async (args, message) => {
  const { code, stderr, stdout } = await runCli(newPlace(), args);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
});

test('top: one look without a terminal; live on one, until q', async () => {
  const place = newPlace();
  await openFleet(place);
  const { stdout } = await runCli(place, ['top', '--once', '--interval', '60s']);
  expect(stdout).toMatch(/done\/s {3}0\.0 failed\/s {3}0 waiting {3}0\/20 slots {3}1 worker\b/);
  expect(stdout).toMatch(/\ndefault +0\.[1-9] /);
  expect(stdout).toContain('\nw1 ');
  const [look] = json((await runCli(place, ['top', '--json', '--interval', '60s'])).stdout);
  expect(look).toMatchObject({
    at: expect.stringMatching(ISO),
    queues: [{ queue: 'default', waitP95Ms: expect.any(Number) }, { queue: 'images' }],
    workers: [{ name: 'w1' }],
  });
  const { shown, type, ended } = startInTerminal(place, ['top'], { columns: 40 });
  await until(() => shown().includes('w1'), { what: 'the first look' });
  type('q');
  expect(await ended).toBe(0);
  expect(shown()).toContain('\u001b[?1049h');
  expect(shown().trimEnd().endsWith('\u001b[?1049l')).toBe(true);
});

test('top goes on when Redis is away, says so, and shows it again when it is back', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const place = { redis: server.url, prefix: testPrefix() };
  const args = ['top', '--interval', '500ms', '--timeout', '500ms'];
  const { shown, type, ended } = startInTerminal(place, args, { columns: 120 });
  await until(() => shown().includes('no worker is alive'), { what: 'the first look' });
  await server.kill9();
  await until(() => shown().includes('Redis does not answer'), { what: 'the trouble to be said' });
  await server.restart();
  const last = (): string => shown().split('\u001b[H').at(-1) ?? '';
  await until(() => last().includes('slots') && !last().includes('does not answer'), {
    what: 'a new look',
  });
  type('q');
  expect(await ended).toBe(0);
});
