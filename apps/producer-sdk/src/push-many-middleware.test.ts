import { GoflowError, type Pushed } from '@goflow/shared';
import { expect, test, vi } from 'vitest';
import type { PushRequest } from './push.js';
import { type PushMiddleware, type PushPassed, pushThroughAll } from './push-middleware.js';
import type { PushResult } from './task-sender.js';

const idOf = (payload: unknown): string => `default:${String(payload)}`;
const requestsOf = (...payloads: string[]): PushRequest[] =>
  payloads.map((payload) => ({ type: 'mail.send', payload, options: undefined }));

/** A queue that takes all but what is told; `calls` are the payloads of each call. */
function queueThat(refused: Readonly<Record<string, Error>> = {}) {
  const calls: unknown[][] = [];
  const push: PushPassed = async (requests) => {
    calls.push(requests.map(({ payload }) => payload));
    return requests.map(({ payload }): PushResult => {
      const error = refused[String(payload)];
      return error ? { id: idOf(payload), error } : { id: idOf(payload), deduplicated: false };
    });
  };
  return { push, calls };
}

const through: PushMiddleware = (_request, next) => next();
/** Keeps these payloads back. */
const without =
  (...payloads: string[]): PushMiddleware =>
  async (request, next) => {
    if (payloads.includes(String(request.payload)))
      throw new Error(`not ${String(request.payload)}`);
    return next();
  };

const outcomesOf = async (pushing: Promise<unknown>) => {
  const error = await pushing.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'PUSH_INCOMPLETE' });
  return (error as { outcomes: unknown }).outcomes;
};

test('all that come through are sent in one call, and their ids given in the order of the payloads', async () => {
  const { push, calls } = queueThat();
  const ids = await pushThroughAll(requestsOf('a', 'b', 'c'), [through, through], push);
  expect(ids).toEqual(['default:a', 'default:b', 'default:c']);
  expect(calls).toEqual([['a', 'b', 'c']]);
});

test('the order of the payloads is kept, however long each middleware takes', async () => {
  const { push, calls } = queueThat();
  const waiting = new Map<unknown, () => void>();
  const slow: PushMiddleware = async ({ payload }, next) => {
    await new Promise<void>((resolve) => waiting.set(payload, resolve));
    return next();
  };
  const pushing = pushThroughAll(requestsOf('a', 'b', 'c'), [slow], push);
  await vi.waitFor(() => expect(waiting.size).toBe(3));
  for (const payload of ['c', 'a', 'b']) {
    expect(calls).toEqual([]);
    waiting.get(payload)?.();
    await new Promise(setImmediate);
  }
  expect(await pushing).toEqual(['default:a', 'default:b', 'default:c']);
  expect(calls).toEqual([['a', 'b', 'c']]);
});

test('a middleware that does not wait for what it passed on does not let the others be left behind', async () => {
  const { push, calls } = queueThat();
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const hasty: PushMiddleware = async (request, next) => {
    if (request.payload !== 'a') await gate;
    const pushing = next();
    return request.payload === 'a' ? { id: 'default:own', deduplicated: true } : pushing;
  };
  const pushing = pushThroughAll(requestsOf('a', 'b'), [hasty], push);
  await new Promise(setImmediate);
  expect(calls).toEqual([]);
  go();
  expect(await pushing).toEqual(['default:own', 'default:b']);
  expect(calls).toEqual([['a', 'b']]);
});

test('nothing to push is nothing', async () => {
  const { push, calls } = queueThat();
  expect(await pushThroughAll([], [through], push)).toEqual([]);
  expect(calls).toEqual([]);
});

test('what is kept back is told apart from what is in: nothing is half told', async () => {
  const { push, calls } = queueThat({ c: new Error('refused') });
  const requests = requestsOf('a', 'b', 'c');
  expect(await outcomesOf(pushThroughAll(requests, [without('a')], push))).toEqual([
    { id: '', pushed: false, error: new Error('not a') },
    { id: 'default:b', pushed: true, deduplicated: false },
    { id: 'default:c', pushed: false, error: new Error('refused') },
  ]);
  expect(calls).toEqual([['b', 'c']]);
});

test('when every middleware keeps its push back nothing is sent, and the first reason is the answer', async () => {
  const { push, calls } = queueThat();
  await expect(pushThroughAll(requestsOf('a', 'b'), [without('a', 'b')], push)).rejects.toThrow(
    'not a',
  );
  expect(calls).toEqual([]);
});

test('when the queue takes none, each is told with its id: it may be in all the same', async () => {
  const away = new GoflowError('BROKER_UNAVAILABLE', 'away', { details: { sent: true } });
  const { push } = queueThat({ a: away, b: away });
  expect(await outcomesOf(pushThroughAll(requestsOf('a', 'b'), [through], push))).toEqual([
    { id: 'default:a', pushed: false, error: away },
    { id: 'default:b', pushed: false, error: away },
  ]);
});

test('when one payload is wrong none is sent: what is wrong with it is the answer', async () => {
  const wrong = new GoflowError('PAYLOAD_INVALID', 'payloads[1]: wrong');
  await expect(
    pushThroughAll(requestsOf('a', 'b'), [through], () => Promise.reject(wrong)),
  ).rejects.toBe(wrong);
});

test('who sends is told the place of each among the payloads: some may be kept back', async () => {
  const places: unknown[] = [];
  const push: PushPassed = async (requests) => {
    places.push(...requests.map(({ payload, index }) => [payload, index]));
    return requests.map(({ payload }) => ({ id: idOf(payload), deduplicated: false }));
  };
  await outcomesOf(pushThroughAll(requestsOf('a', 'b', 'c'), [without('a')], push));
  expect(places).toEqual([
    ['b', 1],
    ['c', 2],
  ]);
});

test('a push that a middleware answers by itself is not sent, and is one that is in', async () => {
  const { push, calls } = queueThat();
  const known: PushMiddleware = async (request, next): Promise<Pushed> =>
    request.payload === 'a' ? { id: 'default:known', deduplicated: true } : next();
  expect(await pushThroughAll(requestsOf('a', 'b'), [known], push)).toEqual([
    'default:known',
    'default:b',
  ]);
  expect(calls).toEqual([['b']]);
});

test('a second next() is refused, and its push is sent once', async () => {
  const { push, calls } = queueThat();
  const eager: PushMiddleware = async (request, next) => {
    const pushed = await next();
    return request.payload === 'a' ? next() : pushed;
  };
  expect(await outcomesOf(pushThroughAll(requestsOf('a', 'b'), [eager], push))).toMatchObject([
    { id: 'default:a', pushed: false, error: { code: 'NEXT_CALLED_TWICE' } },
    { id: 'default:b', pushed: true },
  ]);
  expect(calls).toEqual([['a', 'b']]);
});

test('what is thrown that is no error becomes one', async () => {
  const { push } = queueThat();
  const rude: PushMiddleware = (request, next) =>
    request.payload === 'a' ? Promise.reject('no reason') : next();
  const [first] = (await outcomesOf(pushThroughAll(requestsOf('a', 'b'), [rude], push))) as [
    { error: unknown },
  ];
  expect(first.error).toBeInstanceOf(Error);
  expect(first.error).toMatchObject({ cause: 'no reason' });
});
