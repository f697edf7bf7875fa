import { expect, test, vi } from 'vitest';
import type { TaskContext } from '../handlers/handler.js';
import { type TaskMiddleware, withMiddleware } from './middleware.js';

const ctx = { type: 'a' } as TaskContext;
const passing: TaskMiddleware = (_payload, _ctx, next) => next();

test('without middleware it is the handler itself', () => {
  const handler = () => 1;
  expect(withMiddleware(handler, [])).toBe(handler);
});

test('the first is outermost: it begins first and ends last', async () => {
  const seen: string[] = [];
  const named =
    (name: string): TaskMiddleware =>
    async (_payload, _ctx, next) => {
      seen.push(`${name} begins`);
      const result = await next();
      seen.push(`${name} ends`);
      return result;
    };
  const handler = () => {
    seen.push('handler');
    return 1;
  };
  expect(await withMiddleware(handler, [named('one'), named('two')])('payload', ctx)).toBe(1);
  expect(seen).toEqual(['one begins', 'two begins', 'handler', 'two ends', 'one ends']);
});

test('each of them and the handler get the payload and the context', async () => {
  const handler = vi.fn(() => 1);
  const middleware = vi.fn(passing);
  await withMiddleware(handler, [middleware, passing])('payload', ctx);
  expect(middleware.mock.calls[0]?.slice(0, 2)).toEqual(['payload', ctx]);
  expect(handler.mock.calls).toEqual([['payload', ctx]]);
});

test('what it returns replaces the result, whether it asked the handler or not', async () => {
  const doubled: TaskMiddleware = async (_payload, _ctx, next) => Number(await next()) * 2;
  expect(await withMiddleware(() => 21, [doubled])(null, ctx)).toBe(42);
  const handler = vi.fn();
  const cached: TaskMiddleware = async () => 'from the cache';
  expect(await withMiddleware(handler, [cached, passing])(null, ctx)).toBe('from the cache');
  expect(handler).not.toHaveBeenCalled();
});

test('what the handler throws passes through it, or is caught by it', async () => {
  const handler = () => {
    throw new RangeError('too far');
  };
  await expect(withMiddleware(handler, [passing, passing])(null, ctx)).rejects.toThrow('too far');
  const caught: TaskMiddleware = (_payload, _ctx, next) =>
    next().catch((error: Error) => error.name);
  expect(await withMiddleware(handler, [caught, passing])(null, ctx)).toBe('RangeError');
});

test.each([
  ['one after the other', async (next: () => Promise<unknown>) => [await next(), await next()]],
  ['at once', (next: () => Promise<unknown>) => Promise.all([next(), next()])],
])(
  'next() twice, %s, is an error that names the middleware; the handler runs once',
  async (_how, call) => {
    const handler = vi.fn(() => 1);
    async function twice(...[, , next]: Parameters<TaskMiddleware>) {
      return call(next);
    }
    await expect(withMiddleware(handler, [twice])(null, ctx)).rejects.toMatchObject({
      code: 'NEXT_CALLED_TWICE',
      message: 'twice called next() twice',
    });
    expect(handler).toHaveBeenCalledOnce();
  },
);

test('each task has a next of its own', async () => {
  const handler = vi.fn(() => 1);
  const wrapped = withMiddleware(handler, [passing]);
  await Promise.all([wrapped('one', ctx), wrapped('two', ctx)]);
  expect(handler).toHaveBeenCalledTimes(2);
});

test('a middleware without a name is called so', async () => {
  const nameless = [
    async (...[, , next]: Parameters<TaskMiddleware>) => [await next(), await next()],
  ];
  await expect(withMiddleware(() => 1, nameless)(null, ctx)).rejects.toThrow('a middleware called');
});
