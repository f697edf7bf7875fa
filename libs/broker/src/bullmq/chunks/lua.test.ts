import { expect, test } from 'vitest';
import { defineScript } from '../inspector/script.js';
import { toChunkData } from './chunk-job.js';
import { ChunkRig, leave, numbered } from './chunk-rig.test-d.js';
import { saveResults } from './chunk-store.js';
import { LUA_FORGET_CHUNK, LUA_LINES, LUA_PAYLOAD } from './lua.js';

const lineOf = defineScript<string | null>(
  'testLineOf',
  `${LUA_LINES}\nreturn lineOf(ARGV[1], tonumber(ARGV[2])) or false`,
);
const payloadIn = defineScript<string | null>(
  'testPayloadIn',
  `${LUA_LINES}${LUA_PAYLOAD}\nreturn payloadIn(ARGV[1], ARGV[2]) or false`,
);
const forget = defineScript<null>(
  'testForgetChunk',
  `local base = KEYS[1]\n${LUA_FORGET_CHUNK}\nforgetChunk(ARGV[1])\nreturn false`,
);

test('a line of a text is found by its number, the first and the last, too', async () => {
  const { redis, key } = new ChunkRig();
  const line = (text: string, number: number) => lineOf(redis, [key('')], [text, number]);
  const text = 'one\n\n-\nlast\n';
  expect(await line(text, 0)).toBe('one');
  expect(await line(text, 1)).toBe('');
  expect(await line(text, 2)).toBe('-');
  expect(await line(text, 3)).toBe('last');
  expect(await line(text, 4)).toBeNull();
  expect(await line(text, 1_000)).toBeNull();
  expect(await line('', 0)).toBeNull();
  expect(await line('without an end', 0)).toBeNull();
});

/** What might be taken for the end of a payload, for a separator or for an option. */
const PAYLOADS = [
  null,
  '',
  ',',
  'ends in a comma,',
  'a\nb\r\nc',
  '\\n',
  '\\',
  '"',
  '],\n[',
  { c: 5, text: '"c":7' },
  { '"c":9': ['"c":9'] },
  [],
  [[',\n']],
  {},
  'ünï 漢字 \u2028 \u2029 \ud83d\ude00 \u0000',
  '%d+%s,$',
  -1.5e-300,
  Number.MAX_SAFE_INTEGER,
  'x'.repeat(100_000),
  'last',
];

test('each payload of a chunk is found as it was pushed, whatever stands in it', async () => {
  const { redis, key } = new ChunkRig();
  const json = PAYLOADS.map((payload) => JSON.stringify(payload));
  const data = toChunkData(json);
  expect(JSON.parse(data)).toEqual(PAYLOADS);
  const found = await Promise.all(
    json.map((_, index) => payloadIn(redis, [key('')], [data, index])),
  );
  expect(found).toEqual(json);
  expect(await payloadIn(redis, [key('')], [data, json.length])).toBeNull();
});

test('the payload of a chunk of one, and none in what is no chunk', async () => {
  const { redis, key } = new ChunkRig();
  const payload = (data: string, index: number) => payloadIn(redis, [key('')], [data, index]);
  expect(await payload(toChunkData(['"only"']), 0)).toBe('"only"');
  expect(await payload('["a","b"]', 0)).toBeNull();
  expect(await payload('', 0)).toBeNull();
});

/** Three chunks: fresh, in the middle, and ended. */
async function three() {
  const rig = new ChunkRig();
  const fresh = await rig.push(numbered(3));
  const middle = await rig.taken(numbered(3));
  const ended = await rig.taken(numbered(2));
  const save = { since: 1, lines: ['0,0 1', '0,0 1'], from: 0, completed: 2 };
  await saveResults(middle, { ...save, lines: ['0,0 1'], completed: 1 });
  await leave(middle, 2);
  await saveResults(ended, save);
  return { rig, fresh, middle: middle.chunk, ended: ended.chunk };
}

test('a chunk that is removed is counted no more, wherever it stands', async () => {
  const { rig, fresh, middle, ended } = await three();
  const { redis, key } = rig;
  expect(await rig.counts()).toEqual({ jobs: 2, open: 4, completed: 3, finished: 1 });
  await forget(redis, [key('')], [ended]);
  expect(await rig.counts()).toEqual({ jobs: 2, open: 4, completed: 1, finished: 0 });
  await forget(redis, [key('')], [middle]);
  expect(await rig.counts()).toEqual({ jobs: 1, open: 3, completed: 0, finished: 0 });
  await forget(redis, [key('')], [fresh]);
  expect(await rig.counts()).toEqual({ jobs: 0, open: 0, completed: 0, finished: 0 });
});

test('one that was never counted, is no chunk, or is gone changes nothing', async () => {
  const { rig, fresh } = await three();
  const { redis, key } = rig;
  await redis.hdel(key(fresh), 'o');
  await redis.hset(key('plain'), { name: 'repeater', opts: '{}' });
  const before = await rig.counts();
  for (const unique of [fresh, 'plain', 'gone']) await forget(redis, [key('')], [unique]);
  expect(await rig.counts()).toEqual(before);
});

test('the log lines of its tasks go with a chunk; those of tasks that left stay with them', async () => {
  const { rig, middle } = await three();
  const { redis, key } = rig;
  const logs = [0, 1, 2].map((index) => key(`${middle}.${index}:logs`));
  for (const log of logs) await redis.rpush(log, 'line');
  await redis.hset(key(middle), 'lg', 1);
  await forget(redis, [key('')], [middle]);
  expect(await Promise.all(logs.map((log) => redis.exists(log)))).toEqual([0, 0, 1]);
});
