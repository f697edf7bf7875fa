import { expect, test } from 'vitest';
import { FirstRules } from './first-rules.js';

/** Rules whose reading fails as the test says; whether a worker may take tasks at once. */
function open() {
  let error: Error | undefined;
  const first = new FirstRules(async () => {
    if (error) throw error;
    return 'rules';
  });
  const fail = (message: string): Promise<unknown> => {
    const name = message.startsWith('Connection') ? 'Error' : 'ReplyError';
    error = Object.assign(new Error(message), { name });
    return first.read().catch((thrown: unknown) => thrown);
  };
  const succeed = (): Promise<string> => {
    error = undefined;
    return first.read();
  };
  const isAllowed = async (): Promise<boolean> => {
    const giveUp = new AbortController();
    let isIt = false;
    const asked = first
      .allowed(() => undefined, giveUp.signal)
      .then(() => {
        isIt = !giveUp.signal.aborted;
      });
    await new Promise((resolve) => setImmediate(resolve));
    giveUp.abort();
    await asked;
    return isIt;
  };
  return { fail, succeed, isAllowed };
}

test('only a fault of the set-up keeps a worker from tasks: not a Redis that is loading, or away', async () => {
  const { fail, isAllowed } = open();
  expect(await isAllowed()).toBe(true);
  for (const message of [
    'LOADING it is',
    'MASTERDOWN it is',
    'CLUSTERDOWN it is',
    'Connection is closed.',
  ]) {
    expect(await fail(message)).toMatchObject({ message });
    expect(await isAllowed()).toBe(true);
  }
});

test.each([
  'NOPERM this user has no permissions',
  'WRONGTYPE Operation against a key',
  "ERR unknown command 'hgetall'",
])('refused, it says what to do and asks again until it is answered: %s', async (message) => {
  const { fail, succeed, isAllowed } = open();
  expect(await fail(message)).toMatchObject({
    code: 'BROKER_REFUSED',
    message: expect.stringMatching(/^no task is taken before the rules .*: Redis refused .* \(/),
    details: { reason: message.split(' ')[0] },
  });
  expect(await isAllowed()).toBe(false);
  // A server that went away after it refused has not said that all is well.
  await fail('LOADING Redis is loading');
  expect(await isAllowed()).toBe(false);
  expect(await succeed()).toBe('rules');
  expect(await isAllowed()).toBe(true);
  expect(await fail(message)).toMatchObject({ name: 'ReplyError', message });
  expect(await isAllowed()).toBe(true);
});
