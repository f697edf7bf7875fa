import { RedisServer } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { openPlace, openRedis } from '../place.test-d.js';
import { type BullScript, fingerprintOf, readBullScripts } from './bull-scripts.js';
import { type ForMany, scriptForMany, UnknownScript } from './script-for-many.js';
import { FINISH_MANY } from './shared-finish.js';
import { ADD_MANY } from './shared-push.js';

/** A script of the same make as BullMQ's: adds to a list, and answers with its length. */
const SCRIPT: BullScript = {
  numberOfKeys: 1,
  lua: `--[[ Adds. ]]
local rcall = redis.call
local value = ARGV[1]
-- Includes
local function add(key, what)
  return rcall('RPUSH', key, what)
end
local length = add(KEYS[1], value)
if value == 'bug' then value = value + 1 end
if value == 'none' then return nil end
return length`,
};

const MANY: ForMany = {
  name: 'add',
  sha256: fingerprintOf(SCRIPT.lua),
  helpers: '-- Includes',
  main: 'local length',
  task: 'local function task(at) return body(KEYS, {ARGV[at], ARGV[at + 1]}) end',
  first: 1,
  step: 2,
};

function open() {
  const { redis, key } = openPlace();
  const lua = scriptForMany(SCRIPT, MANY);
  const run = (...values: string[]) =>
    redis.eval(lua, 1, key('list'), ...values.flatMap((value) => [value, '']));
  return { redis, key, run };
}

test('the main part runs for each task, and each has its answer', async () => {
  const { run, redis, key } = open();
  expect(await run('a', 'b', 'none', 'c')).toEqual([1, 2, null, 4]);
  expect(await redis.lrange(key('list'), 0, -1)).toEqual(['a', 'b', 'none', 'c']);
});

test('what goes wrong with one task is its own error, under the code that Redis gave it', async () => {
  const { run, redis, key } = open();
  expect(await run('a', 'bug', 'b')).toEqual([
    1,
    expect.objectContaining({ name: 'ReplyError', message: expect.stringMatching(/^ERR .*arith/) }),
    3,
  ]);
  await redis.set(key('list'), 'no list');
  const errors = (await run('a', 'b')) as Error[];
  for (const error of errors)
    expect(error).toMatchObject({
      name: 'ReplyError',
      message: expect.stringMatching(/^WRONGTYPE Operation against a key/),
    });
});

test('a server that is a replica refuses the call: only then does the client look for the master', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const redis = openRedis(server.url, 'replica');
  const lua = scriptForMany(SCRIPT, MANY);
  await redis.replicaof('127.0.0.1', 1);
  await expect(redis.eval(lua, 1, 'list', 'a', '', 'b', '')).rejects.toThrow(/^READONLY /);
});

test.each([ADD_MANY, FINISH_MANY])('BullMQ’s $name is the one that is known', async (many) => {
  const { redis } = openPlace();
  const lua = scriptForMany(readBullScripts().get(many.name), many);
  expect(await redis.script('LOAD', lua)).toMatch(/^[0-9a-f]{40}$/);
});

test('another text is refused, however little it differs', () => {
  expect(() => scriptForMany({ ...SCRIPT, lua: `${SCRIPT.lua} ` }, MANY)).toThrow(UnknownScript);
  expect(() => scriptForMany(undefined, MANY)).toThrow('script add is not the one that is known');
});
