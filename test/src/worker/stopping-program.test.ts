import { type ChildProgram, freePort, RedisServer, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { tasks } from '../fixtures/tasks.mjs';
import { ask } from '../support/http.js';
import { runWorkerIn, urlOf } from '../support/program.js';
import { newPlace, type Place } from '../support/redis.js';
import { openClient } from '../support/system.js';

const BLOCKED = { BLOCKED: '1' };
const DEAF = 'deaf.to-signal';

/** A program that runs one task, which does not end by itself. */
async function startBusy(type: 'held' | 'deaf.to-signal' | 'heeds.signal', grace: string) {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const program = runWorkerIn(place, ['--grace', grace], BLOCKED);
  const url = await urlOf(program);
  const id = await goflow.push(type, null);
  await program.line(/"msg":"running"/);
  return { place, goflow, program, url, id };
}

test.each(['SIGTERM', 'SIGINT'] as const)('%s with nothing to do: exit 0', async (signal) => {
  const program = runWorkerIn(newPlace());
  await urlOf(program);
  program.signal(signal);
  expect(await program.exited).toEqual({ code: 0, signal: null });
  for (const message of ['stopping', 'worker takes nothing new', 'worker stopped'])
    expect(program.stdout).toContain(`"msg":"${message}"`);
  expect(program.stdout).not.toMatch(/task/);
  expect(program.stderr).toBe('');
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s: not ready any more, nothing new, running tasks end, exit 0',
  async (signal) => {
    const { goflow, program, url, id } = await startBusy('held', '1h');
    program.signal(signal);
    const told = await program.line(/^.*still runs.*$/);
    expect(JSON.parse(told[0])).toMatchObject({
      running: { default: 1 },
      graceMs: 3_600_000,
      msg: '1 task still runs and has 3600 s to end; what runs then is handed back. A second signal (Ctrl-C) ends the worker at once',
    });
    await program.line(/"msg":"worker takes nothing new"/);
    await until(async () => (await ask(`${url}/readyz`)).status === 503, {
      what: 'readiness to end',
    });
    expect((await ask(`${url}/livez`)).status).toBe(200);
    const late = await goflow.push('echo', 'too late');
    program.signal('SIGUSR2');
    expect(await goflow.wait(id)).toEqual({ attempt: 1, starts: 1 });
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.stdout).not.toContain('leaves');
    expect(await goflow.status(late)).toMatchObject({ status: 'waiting', attempts: 0 });
  },
);

test.each([DEAF, 'heeds.signal'] as const)(
  'a task that is %s goes back as it was, and runs elsewhere as the first attempt',
  async (type) => {
    const { place, goflow, program, id } = await startBusy(type, '100ms');
    await expectExit(program, 'SIGTERM', {
      code: 0,
      what: `a task that is ${type}, a grace of 100 ms`,
    });
    expect(program.stdout).toMatch(/"reason":"stopping","msg":"task handed back"/);
    expect(program.stdout).not.toContain('leaves');
    expect(await goflow.status(id)).toMatchObject({ status: 'waiting', attempts: 0 });
    const second = runWorkerIn(place);
    expect(await goflow.wait(id)).toMatchObject({ attempt: 1 });
    expect(await goflow.getResult(id)).toMatchObject({ status: 'completed', attempts: 1 });
    expect(await second.stop()).toEqual({ code: 0, signal: null });
  },
);

test.each([
  ['SIGTERM', 'SIGTERM', 143],
  ['SIGTERM', 'SIGINT', 130],
  ['SIGINT', 'SIGTERM', 143],
] as const)('%s, then %s: exit %d at once', async (first, second, code) => {
  const { goflow, program, id } = await startBusy(DEAF, '1h');
  program.signal(first);
  await program.line(/"msg":"stopping"/);
  await expectExit(program, second, { code, what: 'after the second signal' });
  expect(program.stdout).toContain(
    '"msg":"the worker ends and leaves 1 task that runs: it runs again when its lease is over"',
  );
  // It died holding the task, so another worker gets it when the lease is over.
  expect(await goflow.status(id)).toMatchObject({ status: 'active' });
});

test.each(['frozen', 'dead'] as const)(
  'SIGTERM with Redis %s and a deaf task: it exits all the same',
  async (how) => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const place: Place = { redis: redis.url, prefix: 'gone' };
    const program = runWorkerIn(place, ['--grace', '100ms'], BLOCKED);
    await urlOf(program);
    await openClient(tasks, place).push(DEAF, null);
    await program.line(/"msg":"running"/);
    if (how === 'frozen') redis.pause();
    else await redis.kill9();
    await expectExit(program, 'SIGTERM', {
      code: 0,
      what: `a deaf task, Redis ${how}, a grace of 100 ms`,
    });
  },
);

test('SIGTERM while it waits for a Redis that was never there: exit 0', async () => {
  const place = { redis: `redis://127.0.0.1:${await freePort()}`, prefix: 'never' };
  const program = runWorkerIn(place);
  await program.line(/"msg":"trouble with Redis"/);
  await expectExit(program, 'SIGTERM', { code: 0, what: 'Redis never there' });
});

test('SIGTERM while it waits for a Redis that says nothing: exit 0', async () => {
  await using redis = await RedisServer.start();
  redis.pause();
  const port = await freePort();
  const program = runWorkerIn({ redis: redis.url, prefix: 'mute' }, ['--port', String(port)]);
  const readyz = `http://127.0.0.1:${port}/readyz`;
  await until(async () => (await ask(readyz)).status === 503, {
    what: 'it to be up but not ready',
  });
  await expectExit(program, 'SIGTERM', { code: 0, what: 'Redis mute' });
});

/** Signals, and expects the program to end by itself, long before any default grace. */
async function expectExit(
  program: ChildProgram,
  signal: NodeJS.Signals,
  { code, what }: { readonly code: number; readonly what: string },
): Promise<void> {
  const signalledAt = performance.now();
  program.signal(signal);
  const exit = await program.exited;
  const ms = Math.round(performance.now() - signalledAt);
  console.info(`exit ${exit.code} ${ms} ms after ${signal}: ${what}`);
  expect(exit).toEqual({ code, signal: null });
  expect(ms).toBeLessThan(15_000);
}
