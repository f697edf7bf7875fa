import { GoflowError, type Pushed } from '@goflow/shared';
import { expect, test, vi } from 'vitest';
import type { PushRequest } from './push.js';
import { checkPushMiddleware, type PushMiddleware, pushThrough } from './push-middleware.js';

const REQUEST: PushRequest = { type: 'mail.send', payload: 'a', options: { priority: 1 } };
const PUSHED: Pushed = { id: 'default:1', deduplicated: false };
const push = () => vi.fn(async (_request: PushRequest) => PUSHED);

test('without middleware a push goes straight to the queue', async () => {
  const toQueue = push();
  expect(await pushThrough(REQUEST, [], toQueue)).toBe(PUSHED);
  expect(toQueue.mock.calls).toEqual([[REQUEST]]);
});

test('the first is outermost; each sees what the one before it made of the request, and the answer', async () => {
  const seen: unknown[] = [];
  const noting =
    (name: string, changed?: PushRequest): PushMiddleware =>
    async (request, next) => {
      seen.push([name, request.payload]);
      const pushed = await next(changed);
      seen.push([name, pushed]);
      return pushed;
    };
  const toQueue = push();
  const middleware = [
    noting('outer'),
    noting('middle', { ...REQUEST, payload: 'b' }),
    noting('inner'),
  ];
  expect(await pushThrough(REQUEST, middleware, toQueue)).toBe(PUSHED);
  expect(seen).toEqual([
    ['outer', 'a'],
    ['middle', 'a'],
    ['inner', 'b'],
    ['inner', PUSHED],
    ['middle', PUSHED],
    ['outer', PUSHED],
  ]);
  expect(toQueue.mock.calls).toEqual([[{ ...REQUEST, payload: 'b' }]]);
});

test.each([
  ['at once', () => raise('no')],
  ['later', () => Promise.reject(new Error('no'))],
  [
    'after the push',
    (_: PushRequest, next: () => Promise<Pushed>) => next().then(() => raise('no')),
  ],
])('what a middleware throws %s is the answer', async (when, middleware) => {
  const toQueue = push();
  await expect(pushThrough(REQUEST, [middleware], toQueue)).rejects.toThrow('no');
  expect(toQueue).toHaveBeenCalledTimes(when === 'after the push' ? 1 : 0);
});

test('what the queue answers with an error can be answered otherwise', async () => {
  const refusing = () => Promise.reject(new GoflowError('BROKER_UNAVAILABLE', 'away'));
  const calm: PushMiddleware = (_request, next) => next().catch(() => PUSHED);
  expect(await pushThrough(REQUEST, [calm], refusing)).toBe(PUSHED);
  const plain: PushMiddleware = (_request, next) => next();
  await expect(pushThrough(REQUEST, [plain], refusing)).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
  });
});

test('a middleware may keep a push back and answer by itself', async () => {
  const toQueue = push();
  const known: PushMiddleware = async () => ({ id: 'default:known', deduplicated: true });
  expect(await pushThrough(REQUEST, [known], toQueue)).toEqual({
    id: 'default:known',
    deduplicated: true,
  });
  expect(toQueue).not.toHaveBeenCalled();
});

test('next is called once: a second call is refused by name, and pushes nothing', async () => {
  const toQueue = push();
  const eager: PushMiddleware = async function eager(_request, next) {
    await next();
    return next();
  };
  await expect(pushThrough(REQUEST, [eager], toQueue)).rejects.toMatchObject({
    code: 'NEXT_CALLED_TWICE',
    message: 'eager called next() twice',
  });
  expect(toQueue).toHaveBeenCalledTimes(1);
  const impatient: PushMiddleware[] = [
    (_request, next) => Promise.all([next(), next()]).then(([one]) => one),
  ];
  await expect(pushThrough(REQUEST, impatient, toQueue)).rejects.toMatchObject({
    message: 'a middleware called next() twice',
  });
});

test('next may be called once for every push: a middleware is used many times', async () => {
  const toQueue = push();
  const middleware: PushMiddleware[] = [(_request, next) => next()];
  await Promise.all([1, 2, 3].map(() => pushThrough(REQUEST, middleware, toQueue)));
  expect(toQueue).toHaveBeenCalledTimes(3);
});

test.each([undefined, null, 'default:1', {}, { id: 5 }, []])(
  'a middleware that gives %j is told so: it forgot what next() gave',
  async (given) => {
    const forgetful: PushMiddleware = async (_request, next) => {
      await next();
      return given as never;
    };
    await expect(pushThrough(REQUEST, [forgetful], push())).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      details: { option: 'what a push middleware returns' },
    });
  },
);

test('middleware is an array of functions, and a copy of it is kept', () => {
  const one: PushMiddleware = (_request, next) => next();
  const given = [one];
  const checked = checkPushMiddleware(given);
  given.push(one);
  expect(checked).toEqual([one]);
  expect(checkPushMiddleware(undefined)).toEqual([]);
  for (const wrong of [null, {}, one, 'auth', [null], ['auth'], [one, {}]])
    expect(() => checkPushMiddleware(wrong as never)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        details: expect.objectContaining({ option: 'middleware' }),
      }),
    );
});

function raise(message: string): never {
  throw new Error(message);
}
