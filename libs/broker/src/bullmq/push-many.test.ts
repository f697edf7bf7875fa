import { expect, inject, onTestFinished, test } from 'vitest';
import { createBullMqBroker } from './bullmq-broker.js';
import { envelopeOf, openPlace, openRedis } from './place.test-d.js';

const MIB = 1024 * 1024;

test('large tasks go in several pipelines, one after another: no more than 8 MiB are under way at once', async () => {
  const { prefix } = openPlace();
  const connection = openRedis(inject('redisUrl'), `many-${prefix}`);
  const broker = createBullMqBroker({ redis: connection, prefix });
  onTestFinished(() => broker.close());
  await broker.ping();
  const payloadJson = JSON.stringify('x'.repeat(MIB));
  const envelopes = Array.from({ length: 40 }, () => ({ ...envelopeOf(), payloadJson }));
  let most = 0;
  let isOver = false;
  const look = (): void => {
    most = Math.max(most, connection.stream.writableLength);
    if (!isOver) setImmediate(look);
  };
  look();
  const outcomes = await broker.pushMany(envelopes);
  isOver = true;
  expect(outcomes.map((outcome) => 'id' in outcome && outcome.id)).toEqual(
    envelopes.map(({ id }) => id),
  );
  expect(most).toBeLessThan(10 * MIB);
  expect((await broker.counts('default')).waiting).toBe(40);
});
