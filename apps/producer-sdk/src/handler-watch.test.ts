import { GoflowError } from '@goflow/shared';
import { expect, test, vi } from 'vitest';
import { HandlerWatch } from './handler-watch.js';

/** A broker that knows of types what it is told: nothing, where they stand as undefined. */
function open(strict = false) {
  const known = new Map<string, boolean | undefined>();
  const broker = {
    isHandled: vi.fn((type: string) => known.get(type)),
    isHandledNow: vi.fn(async (type: string) => known.get(type) ?? false),
  };
  const unhandled: string[] = [];
  const onUnhandled = (type: string) => unhandled.push(type);
  return { known, broker, unhandled, watch: new HandlerWatch({ broker, strict, onUnhandled }) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a type that a live worker has is nothing to tell of, and nothing to wait for', async () => {
  const { known, broker, unhandled, watch } = open();
  known.set('a', true);
  expect(watch.check('a')).toBeUndefined();
  await turn();
  expect(unhandled).toEqual([]);
  expect(broker.isHandledNow).not.toHaveBeenCalled();
});

test('a type that nobody has is told once, however often it is pushed; each type for itself', async () => {
  const { known, broker, unhandled, watch } = open();
  known.set('a', false).set('b', false);
  for (let at = 0; at < 5; at += 1) expect(watch.check('a')).toBeUndefined();
  void watch.check('b');
  await turn();
  void watch.check('a');
  await turn();
  expect(unhandled).toEqual(['a', 'b']);
  expect(broker.isHandledNow).not.toHaveBeenCalled();
});

test('it is told again after a worker had the type', async () => {
  const { known, unhandled, watch } = open();
  for (const isHandled of [false, true, false, false, true, true, false]) {
    known.set('a', isHandled);
    void watch.check('a');
    await turn();
  }
  expect(unhandled).toEqual(['a', 'a', 'a']);
});

test('what is not known yet is asked for, once, and the push does not wait for it', async () => {
  const { known, broker, unhandled, watch } = open();
  known.set('a', undefined);
  for (let at = 0; at < 5; at += 1) expect(watch.check('a')).toBeUndefined();
  expect(broker.isHandledNow.mock.calls).toEqual([['a']]);
  await turn();
  expect(unhandled).toEqual(['a']);
});

test('an answer that somebody has it leaves nothing behind: it is told when that ends', async () => {
  const { known, broker, unhandled, watch } = open();
  broker.isHandledNow.mockResolvedValueOnce(true);
  void watch.check('a');
  await turn();
  expect(unhandled).toEqual([]);
  known.set('a', false);
  void watch.check('a');
  await turn();
  expect(unhandled).toEqual(['a']);
});

test('a broker that cannot say warns nobody, and is asked again with the next push', async () => {
  const { broker, unhandled, watch } = open();
  const away = new GoflowError('BROKER_UNAVAILABLE', 'away');
  broker.isHandledNow.mockRejectedValueOnce(away).mockResolvedValueOnce(false);
  void watch.check('a');
  await turn();
  expect(unhandled).toEqual([]);
  void watch.check('a');
  await turn();
  expect(unhandled).toEqual(['a']);
});

test('strict: every push asks, and is refused while nobody has the type', async () => {
  const { known, broker, unhandled, watch } = open(true);
  known.set('a', false);
  for (let at = 0; at < 2; at += 1)
    await expect(watch.check('a')).rejects.toMatchObject({
      code: 'TASK_TYPE_UNHANDLED',
      message: 'no live worker has a handler of a',
    });
  known.set('a', true);
  await expect(watch.check('a')).resolves.toBeUndefined();
  expect(broker.isHandledNow).toHaveBeenCalledTimes(3);
  // What was known a while ago is not enough to refuse, nor to push.
  expect(broker.isHandled).not.toHaveBeenCalled();
  expect(unhandled).toEqual([]);
});

test('strict: a broker that cannot say refuses the push with its own error', async () => {
  const { broker, watch } = open(true);
  const away = new GoflowError('BROKER_UNAVAILABLE', 'away');
  broker.isHandledNow.mockRejectedValueOnce(away);
  await expect(watch.check('a')).rejects.toBe(away);
});
