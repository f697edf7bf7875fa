import { defineTasks } from '@goflow/sdk';
import { defineHandlers } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openRedis } from '../support/redis.js';
import { startSystem } from '../support/system.js';

// Texts of a caller's own that become a part of keys: raw BullMQ breaks its queue for ever with some of them.

const tasks = defineTasks({ echo: { payload: z.string(), result: z.string() } });
const handlers = defineHandlers(tasks, { echo: (payload) => payload });

const HOSTILE = [
  'wait active delayed completed failed stalled meta events marker id pc limiter repeat prioritized paused de metrics',
  'cancelled expired retained cancelling suspects chunks 0 1 -1 0:1 a:b a:b:c * ? [ {x} } ../x ..%2f __proto__ constructor',
]
  .join(' ')
  .split(' ');
const STRANGE = [' ', '\n', '\u0000', '\r\nFLUSHALL\r\n', '"', "'", 'é', '😀', 'x'.repeat(256)];

test('an own id, a deduplication key or a tag may be any text, and breaks no queue', async () => {
  const { goflow, place } = await startSystem({ tasks, handlers });
  for (const [index, text] of [...HOSTILE, ...STRANGE].entries()) {
    const id = await goflow.push('echo', `id ${index}`, { id: text });
    expect(await goflow.wait(id)).toBe(`id ${index}`);
    const other = await goflow.push('echo', `key ${index}`, { deduplicationKey: text });
    expect(await goflow.wait(other)).toBe(`key ${index}`);
    const tag = text.slice(0, 64);
    const tagged = await goflow.push('echo', `tag ${index}`, { tags: [tag] });
    expect(await goflow.wait(tagged)).toBe(`tag ${index}`);
    const { tasks: found } = await goflow.inspector.list({ tag });
    expect(found.map((one) => one.id)).toEqual([tagged]);
  }
  const redis = openRedis(place.redis);
  const base = `${place.prefix}:{default}:`;
  const kinds = ['wait', 'active', 'completed', 'events', 'meta'].map((part) =>
    redis.type(base + part),
  );
  expect(await Promise.all(kinds)).toEqual(['none', 'none', 'zset', 'stream', 'hash']);
});

test.each([
  [''],
  ['x'.repeat(257)],
  ['x'.repeat(5_000)],
  ['\ud800'],
  [7],
  [null],
  [['wait']],
  [{}],
])('the own id %j is refused', async (id) => {
  const { goflow } = await startSystem({ tasks, handlers });
  const refused = { code: 'OPTION_INVALID' };
  await expect(goflow.push('echo', 'x', { id: id as never })).rejects.toMatchObject(refused);
  await expect(goflow.push('echo', 'x', { deduplicationKey: id as never })).rejects.toMatchObject(
    refused,
  );
});
