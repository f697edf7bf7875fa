import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { NonRetryableError, RetryLaterError } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokers } from '../contract/worlds.js';
import { tasks as programTasks } from '../fixtures/tasks.mjs';
import { Barrier } from '../support/barrier.js';
import { askWorker } from '../support/http.js';
import { runWorkerIn } from '../support/program.js';
import { newPlace } from '../support/redis.js';
import { openClient } from '../support/system.js';

// Gofherd's words in the names: a work is a task, its Body the payload, a herd of n a concurrency of n, MaxRetries n is maxAttempts n + 1.
const tasks = defineTasks({
  work: { payload: z.number(), result: z.number(), maxAttempts: 3, backoff: 0 },
  status: { payload: z.string(), result: z.string(), maxAttempts: 3, backoff: 0 },
});

const RETRY = new RetryLaterError('tried again', { delay: 0 });

/** Does what its payload says: the three statuses of Gofherd. */
const status = (payload: string, { attempt }: { attempt: number }): string => {
  if (payload === 'failure' || payload === 'panic') throw new NonRetryableError(payload);
  if (payload === 'retry' || (payload === 'retry once' && attempt === 1)) throw RETRY;
  return payload;
};
const handlers = { work: (body: number) => body + 10, status };
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Works to send, and how many were asked for. */
function countedSource(length: number): Iterable<number> & { readonly sent: number } {
  const source = {
    sent: 0,
    *[Symbol.iterator]() {
      while (source.sent < length) {
        source.sent += 1;
        yield source.sent;
      }
    },
  };
  return source;
}

onBothBrokers((open) => {
  test('bounded parallelism: a herd of 10 runs ten works at once, and never one more', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const barrier = new Barrier();
    let running = 0;
    let most = 0;
    const work = async (body: number): Promise<number> => {
      running += 1;
      most = Math.max(most, running);
      await barrier.pass();
      running -= 1;
      return body;
    };
    const worker = await world.worker(tasks, { work, status }, { concurrency: 10 });
    const ids = await goflow.pushMany('work', numbers(40));
    for (let arrived = 10; arrived <= 40; arrived += 5) {
      await until(() => barrier.arrived === arrived && barrier.waiting === 10, {
        what: 'the herd to be busy',
      });
      expect(worker.active).toEqual({ default: 10 });
      if (arrived < 40) barrier.letGo(5);
    }
    barrier.open();
    const results = await goflow.waitAll(ids);
    expect(results.map((result) => result.status === 'completed' && result.value)).toEqual(
      numbers(40),
    );
    expect(most).toBe(10);
  });

  test('Success, Retry, Failure: only Retry is tried again, and no more often than MaxRetries', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers);
    const payloads = ['success', 'retry once', 'retry', 'failure'];
    const results = await goflow.waitAll(await goflow.pushMany('status', payloads));
    expect(results).toMatchObject([
      { status: 'completed', attempts: 1, value: 'success' },
      { status: 'completed', attempts: 2, value: 'retry once' },
      { status: 'failed', attempts: 3, failure: { code: 'RETRY_LATER' } },
      { status: 'failed', attempts: 1, failure: { code: 'NON_RETRYABLE' } },
    ]);
  });

  test('SetMaxRetries: as a total of attempts, the first included; 0 retries is 1', async () => {
    const world = open();
    const goflow = world.client(tasks);
    let runs = 0;
    const work = (): never => {
      runs += 1;
      throw RETRY;
    };
    await world.worker(tasks, { work, status });
    for (const maxRetries of [0, 1, 7]) {
      runs = 0;
      const id = await goflow.push('work', 1, { maxAttempts: maxRetries + 1 });
      await expect(goflow.wait(id)).rejects.toMatchObject({ attempts: maxRetries + 1 });
      expect(runs).toBe(maxRetries + 1);
    }
  });

  test('Work: an ID of the caller’s own tells status, result (SetResult) and retries', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers);
    await goflow.push('work', 5, { id: 'workID:5' });
    await goflow.push('status', 'retry once', { id: 'workID:6' });
    const [five, six] = [goflow.idOf('work', 'workID:5'), goflow.idOf('status', 'workID:6')];
    await Promise.all([goflow.wait(five), goflow.wait(six)]);
    expect(await goflow.getResult(five)).toMatchObject({ status: 'completed', value: 15 });
    expect(await goflow.status(six)).toMatchObject({
      status: 'completed',
      attempts: 2,
      history: [{ outcome: 'retry' }, { outcome: 'completed' }],
    });
  });

  test('SendWork blocks: a source is read only as fast as outcomes are taken, however slowly', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers, { concurrency: 2 });
    const source = countedSource(12);
    let taken = 0;
    for await (const { result } of goflow.map('work', source, { inFlight: 3 })) {
      taken += 1;
      expect(result?.status).toBe('completed');
      const most = Math.min(taken + 3, 12);
      await until(async () => (await goflow.counts()).completed >= most, {
        what: 'all that may be in flight to have ended',
      });
      expect(source.sent).toBe(most);
    }
    expect(taken).toBe(12);
  });

  test('SendWork blocks: while no gopher is free, nothing more is sent', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const barrier = new Barrier();
    const work = (body: number) => barrier.pass().then(() => body);
    await world.worker(tasks, { work, status }, { concurrency: 2 });
    const source = countedSource(50);
    const outputs = goflow.map('work', source, { inFlight: 4 });
    const first = outputs.next();
    await until(async () => barrier.waiting === 2 && (await goflow.counts()).waiting >= 2, {
      what: 'two works to run and two to wait',
    });
    expect(source.sent).toBe(4);
    barrier.open();
    expect((await first).value).toMatchObject({ result: { status: 'completed' } });
    await outputs.return();
  });

  test('OutputChan: every work comes out once, however it ended, and then it is closed', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers);
    const payloads = numbers(30).map((n) => ['success', 'retry once', 'retry', 'failure'][n % 4]);
    const outputs = new Map<number, unknown>();
    const works = payloads.map(String);
    for await (const { index, result } of goflow.map('status', works, { inFlight: 7 })) {
      expect(outputs.has(index)).toBe(false);
      outputs.set(index, result?.status);
    }
    const isGood = (payload: string) => payload === 'success' || payload === 'retry once';
    expect(numbers(30).map((index) => outputs.get(index))).toEqual(
      works.map((payload) => (isGood(payload) ? 'completed' : 'failed')),
    );
  });

  test('OutputChan stays open until the input is closed (CloseInputChan)', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers);
    let closeInput = (): void => undefined;
    const inputIsClosed = new Promise<void>((resolve) => {
      closeInput = resolve;
    });
    async function* source(): AsyncGenerator<number> {
      yield 1;
      await inputIsClosed;
    }
    const outputs = goflow.map('work', source());
    expect((await outputs.next()).value).toMatchObject({ result: { value: 11 } });
    let isClosed = false;
    const end = outputs.next().then(({ done }) => {
      isClosed = done === true;
    });
    expect(await goflow.wait(await goflow.push('work', 2))).toBe(12);
    expect(isClosed).toBe(false);
    closeInput();
    await end;
    expect(isClosed).toBe(true);
  });

  test('callbacks for Success, Retry and Failure: one call for each, and plain counters are safe', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const calls = { success: 0, retry: 0, failure: 0 };
    let inside = 0;
    const count = (name: keyof typeof calls) => async () => {
      inside += 1;
      calls[name] += inside;
      inside -= 1;
      await Promise.resolve();
    };
    const callbacks = {
      onSuccess: count('success'),
      onRetry: count('retry'),
      onFailure: count('failure'),
    };
    await world.worker(tasks, handlers, { concurrency: 20, ...callbacks });
    const payloads = ['success', 'retry once', 'retry', 'failure'].flatMap((payload) =>
      numbers(25).map(() => payload),
    );
    await goflow.waitAll(await goflow.pushMany('status', payloads));
    await until(() => calls.success + calls.retry + calls.failure >= 175, { what: 'the calls' });
    expect(calls).toEqual({ success: 50, retry: 75, failure: 50 });
  });

  test('monitoring: /metrics says the totals of Success, Retry and Failure, and the size of the herd', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const worker = await world.worker(tasks, handlers, { concurrency: 6, http: { port: 0 } });
    const payloads = ['success', 'success', 'retry once', 'retry', 'failure', 'panic'];
    await goflow.waitAll(await goflow.pushMany('status', payloads));
    const lines = [
      'goflow_tasks_finished_total{queue="default",type="status",outcome="completed"} 3',
      'goflow_task_retries_total{queue="default",type="status"} 3',
      'goflow_tasks_finished_total{queue="default",type="status",outcome="failed"} 3',
      'goflow_worker_concurrency{queue="default"} 6',
    ];
    await until(
      async () => {
        const { text } = await askWorker(worker, '/metrics');
        return lines.every((line) => text.includes(`${line}\n`));
      },
      { what: lines.join('\n') },
    );
  });

  test('dynamic parallelism: GET /herd tells the size, PATCH /herd changes it', async () => {
    const worker = await open().worker(tasks, handlers, { concurrency: 3, http: { port: 0 } });
    const herd = async (body?: object) => (await askWorker(worker, '/herd', { body })).json;
    expect(await herd()).toEqual({ num: 3 });
    expect(await herd({ num: 10 })).toEqual({ num: 10, msg: 'success' });
    expect(await herd({ num: 10 })).toEqual({ num: 10, msg: 'Herd size already 10' });
    expect(await herd()).toEqual({ num: 10 });
    expect(worker.concurrency).toEqual({ default: 10 });
  });

  test('SetLogger: a logger of the caller’s own is told what the worker and the works say', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const lines: string[] = [];
    const line = (_fields: object, message?: string) => void lines.push(message ?? '');
    const logger = { debug: line, info: line, warn: line, error: line, child: () => logger };
    const work = (body: number, { log }: { log: { info(message: string): void } }): number => {
      log.info(`got work to process: ${body}`);
      return body;
    };
    await world.worker(tasks, { work, status }, { logger });
    await goflow.wait(await goflow.push('work', 7));
    expect(lines).toEqual(expect.arrayContaining(['worker started', 'got work to process: 7']));
  });
});

// Only Redis outlives a process.
test('persistence: after a crash of the worker and the end of the client others go on where they were', async () => {
  const place = newPlace();
  const loader = openClient(programTasks, place);
  const first = runWorkerIn(place, ['--lease', '1s', '--concurrency', '1'], { BLOCKED: '1' });
  const running = await loader.push('deaf.to-signal', null);
  await first.line(/"msg":"running"/);
  const waiting = await loader.pushMany('echo', ['a', 'b', 'c']);
  await loader.close();
  first.signal('SIGKILL');
  await first.exited;
  const second = runWorkerIn(place, ['--lease', '1s', '--concurrency', '1']);
  const reader = openClient(programTasks, place);
  expect(await reader.wait(running)).toEqual({ attempt: 1, starts: 2 });
  expect(await reader.waitAll(waiting)).toMatchObject(['a', 'b', 'c'].map((value) => ({ value })));
  expect(await second.stop()).toEqual({ code: 0, signal: null });
});
