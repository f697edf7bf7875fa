import { expect, expectTypeOf, test } from 'vitest';
import { until } from './until.js';

test('gives the first truthy value', async () => {
  let looks = 0;
  const value = await until(() => (++looks === 3 ? 'here' : undefined), { what: 'the third look' });
  expect(value).toBe('here');
  expect(looks).toBe(3);
  expectTypeOf(value).toEqualTypeOf<string>();
});

test('a look that throws counts as not yet', async () => {
  let looks = 0;
  const fact = async () => {
    looks += 1;
    if (looks < 3) throw new Error('no');
    return true as boolean;
  };
  await expect(until(fact, { what: 'it' })).resolves.toBe(true);
});

test('names what was waited for and the last value', async () => {
  const wait = until(() => '' as string, { what: 'the name', timeoutMs: 30 });
  await expect(wait).rejects.toThrow('waited 30 ms for the name; the last value was ""');
});

test('names the last error and keeps it as the cause', async () => {
  const cause = new Error('not ready');
  const wait = until(
    () => {
      throw cause;
    },
    { what: 'it', timeoutMs: 30 },
  );
  await expect(wait).rejects.toMatchObject({
    message: 'waited 30 ms for it; the last look threw: Error: not ready',
    cause,
  });
});

test('a look that never ends does not outlast the deadline', async () => {
  const wait = until(() => new Promise<boolean>(() => undefined), { what: 'it', timeoutMs: 30 });
  await expect(wait).rejects.toThrow('the first look never ended');
});
