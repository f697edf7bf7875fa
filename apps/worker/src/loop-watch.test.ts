import { Emitter, SILENT_LOGGER, type WorkerEvents } from '@goflow/shared';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { LoopWatch } from './loop-watch.js';

function watchOf() {
  const told: unknown[] = [];
  const logger = { ...SILENT_LOGGER, warn: (fields: unknown) => void told.push(fields) };
  const events = new Emitter<WorkerEvents>(logger);
  const watch = new LoopWatch({ events, logger, leaseMs: 1_000 });
  watch.start();
  onTestFinished(() => watch.stop());
  const begin = (type: string): void =>
    events.emit('task:started', { task: { type } as never, waitedMs: 0 });
  return { told, watch, begin };
}

function block(ms: number): void {
  const endsAt = performance.now() + ms;
  while (performance.now() < endsAt);
}

test('a block is told with the types that began, whoever looks first after it, and once a minute', async () => {
  const { told, watch, begin } = watchOf();
  begin('image.resize');
  begin('mail.send');
  // Due first when the block is over, as a sign of life may be.
  const first = new Promise<number>((resolve) => setTimeout(() => resolve(watch.read()), 1));
  block(800);
  const seen = [await first];
  await until(
    () => {
      seen.push(watch.read());
      return Math.max(...seen) > 600;
    },
    { what: 'the block to be seen' },
  );
  expect(told).toMatchObject([{ component: 'event-loop', types: ['image.resize', 'mail.send'] }]);
  block(800);
  await until(() => watch.read() > 600, { what: 'the second block to be seen' });
  expect(told).toHaveLength(1);
});

test('made-up types do not pile up', async () => {
  const { told, watch, begin } = watchOf();
  for (let n = 0; n < 10_000; n += 1) begin(`made.up-${n}`);
  block(800);
  await until(() => watch.read() > 600, { what: 'the block to be seen' });
  expect((told as { types: string[] }[])[0]?.types.length).toBeLessThanOrEqual(100);
});

test('the worst of the last minute stays, however often it is asked for; each tick tells what passed', async () => {
  let passedMs = 0;
  const events = new Emitter<WorkerEvents>(SILENT_LOGGER);
  const onTick = (ms: number): unknown => (passedMs += ms);
  const watch = new LoopWatch({ events, logger: SILENT_LOGGER, leaseMs: 60_000, onTick });
  const begunAt = performance.now();
  watch.start();
  onTestFinished(() => watch.stop());
  block(500);
  await until(() => watch.worstMs > 300, { what: 'the block to be seen' });
  watch.read();
  expect(watch.worstMs).toBeGreaterThan(300);
  await until(() => passedMs > 700, { what: 'more ticks' });
  expect(passedMs).toBeLessThanOrEqual(performance.now() - begunAt);
});
