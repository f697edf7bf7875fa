import { expect, onTestFinished, test } from 'vitest';
import { createBullMqBroker } from '../bullmq-broker.js';
import { fleetKey } from '../keys.js';
import { openPlace } from '../place.test-d.js';

test('a look that Redis refuses is told, not only left out', async () => {
  const { redis, prefix } = openPlace();
  const troubles: string[] = [];
  const onTrouble = ({ message }: Error): unknown => troubles.push(message);
  const broker = createBullMqBroker({ redis, prefix, onTrouble });
  onTestFinished(() => broker.close());
  await redis.set(fleetKey(prefix, 'workers'), 'foreign');
  await expect(broker.exporter?.look()).rejects.toThrow('WRONGTYPE');
  expect(troubles.join()).toContain('WRONGTYPE');
});
