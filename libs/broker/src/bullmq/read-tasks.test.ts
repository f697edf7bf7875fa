import { expect, test, vi } from 'vitest';
import { openPlanted } from './inspector/planted-jobs.test-d.js';
import { readTasks } from './read-tasks.js';

test('one call reads no more than some large results; all come in the order of the ids', async () => {
  const planted = openPlanted();
  const { redis, prefix } = planted;
  const results = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(3 * 1024 * 1024));
  const uniques: string[] = [];
  for (const result of results) {
    const fields = { returnvalue: JSON.stringify(result), finishedOn: 7 };
    const unique = await planted.job({ fields });
    await redis.zadd(planted.key('completed'), 7, unique);
    uniques.push(unique);
  }
  const call = vi.spyOn(redis, 'sendCommand');
  const ids = [...uniques.map((unique) => `default:${unique}`), 'default:AAAAAAAAAAAAAAAAAAAAAA'];
  const records = await readTasks(redis, prefix, ids);
  expect(records.map((record) => record?.result)).toEqual([...results, undefined]);
  const scripts = call.mock.calls.filter(([{ name }]) => /^eval/.test(name));
  expect(scripts.length).toBeGreaterThan(1);
});
