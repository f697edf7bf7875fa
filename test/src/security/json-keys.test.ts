import { defineTasks, isGoflowError } from '@goflow/sdk';
import { defineHandlers } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openRedis } from '../support/redis.js';
import { startSystem } from '../support/system.js';

// `__proto__` in JSON is a key like any other: it is carried as it is, and gives no object another prototype.

const EVIL = JSON.parse(
  '{"__proto__":{"polluted":1,"isAdmin":true},"constructor":{"prototype":{"polluted":1}},"a":1}',
) as Record<string, unknown>;

const tasks = defineTasks({
  echo: { payload: z.any(), result: z.any(), progress: z.any(), maxAttempts: 1 },
  strict: { payload: z.object({ a: z.number() }), result: z.any() },
  nested: { payload: z.json(), result: z.any(), maxAttempts: 1 },
});

/** What a handler sees of a payload, by what code usually looks at. */
const seen = (payload: object) => ({
  isPlain: Object.getPrototypeOf(payload) === Object.prototype,
  isAdmin: (payload as { isAdmin?: boolean }).isAdmin === true,
  keys: Object.keys(payload),
});

const handlers = defineHandlers(tasks, {
  echo: async (payload, ctx) => {
    if (payload === 'throw') throw Object.assign(new Error('x'), { details: EVIL, code: 'MINE' });
    ctx.log.info(EVIL, 'a line');
    await ctx.progress(EVIL);
    return { seen: seen(payload as object), back: payload };
  },
  strict: (payload) => seen(payload),
  nested: () => 'ran',
});

test('a payload, progress, log line, result and failure with __proto__ change no prototype', async () => {
  const { goflow } = await startSystem({ tasks, handlers });
  const id = await goflow.push('echo', EVIL);
  const { seen: inside, back } = (await goflow.wait(id)) as { seen: object; back: object };
  expect(inside).toEqual({ isPlain: true, isAdmin: false, keys: Object.keys(EVIL) });
  expect(JSON.stringify(back)).toBe(JSON.stringify(EVIL));
  expect(seen(back)).toMatchObject({ isPlain: true, isAdmin: false });
  const info = await goflow.inspector.get(id);
  expect(JSON.stringify(info?.progress)).toBe(JSON.stringify(EVIL));
  expect(JSON.stringify(info?.log[0]?.fields)).toContain('"isAdmin"');
  expect(seen(info?.log[0]?.fields as object)).toMatchObject({ isPlain: true, isAdmin: false });
  const failed = await goflow.push('echo', 'throw');
  const [outcome] = await goflow.waitAll([failed]);
  expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'MINE' } });
  expect(await goflow.wait(await goflow.push('strict', EVIL as never))).toEqual({
    isPlain: true,
    isAdmin: false,
    keys: ['a'],
  });
  for (const name of ['polluted', 'isAdmin']) expect(name in {}).toBe(false);
});

test('options with __proto__ are refused, and merged into nothing', async () => {
  const { goflow } = await startSystem({ tasks, handlers });
  const options = JSON.parse('{"__proto__":{"delay":60000}}') as object;
  await expect(goflow.push('echo', 1, options)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  expect('delay' in {}).toBe(false);
});

test('a payload that is nested 100,000 deep is refused with a code, in a push and in a raw job', async () => {
  const { goflow, place } = await startSystem({ tasks, handlers });
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const text = `${open.repeat(100_000)}1${close.repeat(100_000)}`;
    const deep: unknown = JSON.parse(text);
    for (const type of ['echo', 'nested'] as const) {
      const refused: unknown = await goflow
        .push(type, deep as never)
        .catch((error: unknown) => error);
      expect(isGoflowError(refused) && refused.code).toMatch(
        /^PAYLOAD_(NOT_SERIALIZABLE|INVALID)$/,
      );
    }
    const redis = openRedis(place.redis);
    const base = `${place.prefix}:{default}:`;
    for (const [index, name] of ['echo', 'nested', 'strict'].entries()) {
      const unique = `${open === '[' ? 'list' : 'tree'}${index}`.padEnd(22, '0');
      await redis.hset(base + unique, {
        name,
        data: text,
        opts: '{}',
        timestamp: '1',
        delay: '0',
        priority: '0',
      });
      await redis.lpush(`${base}wait`, unique);
      await redis.zadd(`${base}marker`, 0, '0');
      const [outcome] = await goflow.waitAll([`default:${unique}`], { timeout: '10s' });
      expect(outcome, name).toMatchObject({ status: 'failed' });
      const { code } = (outcome as { failure: { code: string } }).failure;
      expect(code, name).toMatch(
        /^(PAYLOAD_INVALID|RESULT_NOT_SERIALIZABLE|PROGRESS_INVALID|ENVELOPE_UNREADABLE)$/,
      );
    }
  }
  expect(await goflow.wait(await goflow.push('echo', { well: 1 }))).toMatchObject({
    back: { well: 1 },
  });
});

test('a million keys are refused by the size of the payload', async () => {
  const { goflow } = await startSystem({ tasks, handlers });
  const many = Object.fromEntries(
    Array.from({ length: 1_000_000 }, (_, index) => [`k${index}`, 0]),
  );
  await expect(goflow.push('echo', many)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
});
