import { defineTasks } from '@goflow/sdk';
import { type ChildProgram, RedisServer, testPrefix, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { ask } from '../support/http.js';
import { exportersOf, sumOf, valueIn } from '../support/metrics.js';
import { runWorkerIn, urlOf } from '../support/program.js';
import { newPlace, type Place } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';

const tasks = defineTasks({
  repeater: { payload: z.string(), result: z.string() },
  'image.resize': { payload: z.null(), result: z.null(), queue: 'images' },
});
const handlers = { repeater: async (payload: string) => payload, 'image.resize': () => null };

/** Started workers, and their scrapes. */
async function startFleet(size: number, place: Place = newPlace()) {
  const workers = Array.from({ length: size }, () => makeWorker({ tasks, handlers }, place));
  await Promise.all(workers.map((worker) => worker.start()));
  const scrape = () => Promise.all(workers.map((worker) => worker.metrics.text()));
  return { workers, scrape, place, goflow: openClient(tasks, place) };
}

test.each([2, 3])(
  'of %i workers that are scraped exactly one tells of all queues, and sums are true',
  async (size) => {
    const { scrape, goflow } = await startFleet(size);
    await goflow.pushMany('repeater', ['a', 'b'], { delay: '1h' });
    const ids = await goflow.pushMany('repeater', ['c', 'd', 'e']);
    await goflow.waitAll(ids);
    await goflow.push('image.resize', null);
    await goflow.fleet.pause('images');
    await until(async () => exportersOf(await scrape()).length === 1, {
      what: 'one to be elected',
    });
    for (let count = 0; count < 3; count += 1) expect(exportersOf(await scrape())).toHaveLength(1);
    await until(async () => sumOf(await scrape(), 'goflow_queue_paused{queue="images"}') === 1, {
      what: 'the pause to be seen',
    });
    const texts = await scrape();
    const sum = (series: string) => sumOf(texts, series);
    expect(sum('goflow_queue_tasks{queue="default",state="delayed"}')).toBe(2);
    expect(sum('goflow_queue_tasks{queue="default",state="completed"}')).toBe(3);
    expect(sum('goflow_queue_workers{queue="default"}')).toBe(size);
    expect(sum('goflow_fleet_workers{state="running"}')).toBe(size);
    expect(
      sum('goflow_tasks_finished_total{queue="default",type="repeater",outcome="completed"}'),
    ).toBe(3);
    expect(sum('goflow_queue_oldest_waiting_seconds{queue="default"}')).toBe(0);
    expect(texts.join('\n')).toMatch(/^goflow_redis_memory_used_bytes\{node="[^"]+:\d+"\} [1-9]/m);
    expect(texts.join('\n')).toMatch(/^goflow_redis_evicts_keys\{node="[^"]+"\} 0$/m);
    expect(sum('goflow_broker_up')).toBe(size);
  },
);

test('who stops is followed at once; a worker that nobody scrapes is not elected', async () => {
  const { workers } = await startFleet(3);
  const [first, second] = workers;
  expect(exportersOf([(await first?.metrics.text()) ?? ''])).toEqual([0]);
  const stoppedAt = performance.now();
  await first?.stop();
  expect(exportersOf([(await second?.metrics.text()) ?? ''])).toEqual([0]);
  expect(performance.now() - stoppedAt).toBeLessThan(3_000);
});

test('an exporter that is killed with -9 is followed by another within seconds', async () => {
  const place = newPlace();
  const programs = [1, 2].map(() => runWorkerIn(place));
  const urls = await Promise.all(programs.map(urlOf));
  const scrape = (url: string) => ask(`${url}/metrics`).then(({ text }) => text);
  const [elected = -1] = await until(
    async () => {
      const found = exportersOf(await Promise.all(urls.map(scrape)));
      return found.length === 1 && found;
    },
    { what: 'one to be elected' },
  );
  const [killed, url] = [programs[elected] as ChildProgram, urls[1 - elected] ?? ''];
  const killedAt = performance.now();
  killed.signal('SIGKILL');
  await until(async () => exportersOf([await scrape(url)]).length === 1, {
    what: 'the other to be elected',
  });
  // Its lease was 6 s, and answers are shared for a second, twice.
  expect(performance.now() - killedAt).toBeLessThan(12_000);
  await until(async () => valueIn(await scrape(url), 'goflow_exporter_elected') === 1, {
    what: 'it to stay elected',
  });
});

test.each([
  ['frozen', (server: RedisServer) => server.pause()],
  ['gone', (server: RedisServer) => server.stop()],
] as const)(
  'while Redis is %s a scrape is quick, says so, and leaves out what it cannot know',
  async (_how, takeAway) => {
    const server = await RedisServer.start();
    onTestFinished(() => server.stop());
    const { scrape, goflow } = await startFleet(2, { redis: server.url, prefix: testPrefix() });
    await goflow.wait(await goflow.push('repeater', 'a'));
    await until(async () => exportersOf(await scrape()).length === 1, {
      what: 'one to be elected',
    });
    await takeAway(server);
    let slowestMs = 0;
    const timed = async () => {
      const begunAt = performance.now();
      const texts = await scrape();
      return { texts, tookMs: performance.now() - begunAt };
    };
    const { texts } = await until(
      async () => {
        const found = await timed();
        slowestMs = Math.max(slowestMs, found.tookMs);
        return sumOf(found.texts, 'goflow_broker_up') === 0 && found;
      },
      { what: 'both to see it' },
    );
    expect(slowestMs).toBeLessThan(2_500);
    expect(texts.join('\n')).not.toContain('goflow_queue_tasks{');
    expect(texts.join('\n')).not.toContain('goflow_redis_memory_used_bytes{');
    expect(sumOf(texts, 'goflow_worker_concurrency{queue="default"}')).toBe(20);
    expect(
      sumOf(
        texts,
        'goflow_tasks_finished_total{queue="default",type="repeater",outcome="completed"}',
      ),
    ).toBe(1);
  },
);
