import { expect, test } from 'vitest';
import { GoflowError } from './goflow-error.js';
import { toFailure } from './task-failure.js';

const NO_MESSAGE = 'something without a message was thrown';
const LONGEST = 8_192;

const refuse = (): never => {
  throw new Error('trap');
};

/** Throws on every trap there is. */
const hostile: ProxyHandler<object> = new Proxy({}, { get: () => refuse });

test('keeps name, message, stack, code, details and cause of an error', () => {
  const cause = Object.assign(new RangeError('deep'), { code: 'ERR_DEEP' });
  const error = Object.assign(new TypeError('no', { cause }), { details: { field: 'a' } });
  expect(toFailure(error)).toEqual({
    name: 'TypeError',
    message: 'no',
    code: 'HANDLER_FAILED',
    stack: error.stack,
    details: { field: 'a' },
    cause: { name: 'RangeError', message: 'deep', code: 'ERR_DEEP', stack: cause.stack },
  });
});

test('keeps the code of goflow errors, and takes the fallback for others', () => {
  expect(toFailure(new GoflowError('TASK_TIMEOUT', 'late')).code).toBe('TASK_TIMEOUT');
  expect(toFailure(new Error('x'), 'INTERNAL').code).toBe('INTERNAL');
  expect(toFailure(Object.assign(new Error('x'), { code: 11_000 })).code).toBe('HANDLER_FAILED');
});

test.each([
  ['a string', 'no luck', 'no luck'],
  ['an empty string', '', 'an empty string was thrown'],
  ['null', null, 'null'],
  ['undefined', undefined, 'undefined'],
  ['a number', 42, '42'],
  ['NaN', Number.NaN, 'NaN'],
  ['a boolean', false, 'false'],
  ['a bigint', 10n, '10'],
  ['a symbol', Symbol('no'), 'Symbol(no)'],
  ['a function', () => 1, '() => 1'],
  ['a function whose traps throw', new Proxy(() => 1, hostile), NO_MESSAGE],
])('%s becomes a failure', (_what, thrown, message) => {
  expect(toFailure(thrown)).toEqual({ name: 'NonErrorThrown', message, code: 'HANDLER_FAILED' });
});

test.each([
  ['an object with a message', { message: 'no', name: 'Odd', code: 'X' }, ['Odd', 'no']],
  ['an object without one', { status: 500 }, ['Error', '{"status":500}']],
  ['an empty object', {}, ['Error', NO_MESSAGE]],
  ['a null-prototype object', Object.assign(Object.create(null), { a: 1 }), ['Error', '{"a":1}']],
  ['an array', [1, 'a'], ['Error', '[1,"a"]']],
  ['a message that is no text', { message: 7, name: null }, ['Error', '{"message":7,"name":null}']],
  ['an error without a message', new TypeError(), ['TypeError', NO_MESSAGE]],
  ['a frozen error', Object.freeze(new Error('cold')), ['Error', 'cold']],
  ['a BigInt inside', { n: 1n }, ['Error', NO_MESSAGE]],
  ['a proxy whose traps throw', new Proxy({}, hostile), ['Error', NO_MESSAGE]],
  ['a proxy of an error', new Proxy(new Error('x'), hostile), ['Error', NO_MESSAGE]],
])('%s becomes a failure', (_what, thrown, shown) => {
  const { name, message } = toFailure(thrown);
  expect([name, message]).toEqual(shown);
});

test('getters that throw are as if they were not there', () => {
  const error = new Error('x');
  for (const key of ['stack', 'name', 'message', 'code', 'details', 'cause', 'errors'])
    Object.defineProperty(error, key, { get: refuse });
  expect(toFailure(error)).toEqual({ name: 'Error', message: NO_MESSAGE, code: 'HANDLER_FAILED' });
});

test('an AggregateError without a message tells its first', () => {
  const refused = new Error('connect ECONNREFUSED 127.0.0.1:1');
  expect(toFailure(new AggregateError([refused, new Error('y')]))).toMatchObject({
    name: 'AggregateError',
    message: 'connect ECONNREFUSED 127.0.0.1:1',
  });
  expect(toFailure(new AggregateError([], 'all failed')).message).toBe('all failed');
  expect(toFailure(new AggregateError([])).message).toBe(NO_MESSAGE);
});

test('causes end where they begin again', () => {
  const [chicken, egg] = [new Error('chicken'), new Error('egg')];
  chicken.cause = egg;
  egg.cause = chicken;
  expect(toFailure(chicken)).toMatchObject({ message: 'chicken', cause: { message: 'egg' } });
  expect(toFailure(chicken).cause).not.toHaveProperty('cause');
  const own = new Error('own');
  own.cause = own;
  expect(toFailure(own)).not.toHaveProperty('cause');
});

test('causes are kept five deep', () => {
  let error = new Error('0');
  for (let level = 1; level < 100; level += 1) error = new Error(`${level}`, { cause: error });
  const messages: string[] = [];
  for (let failure = toFailure(error), more = true; more; ) {
    messages.push(failure.message);
    more = failure.cause !== undefined;
    failure = failure.cause ?? failure;
  }
  expect(messages).toEqual(['99', '98', '97', '96', '95', '94']);
});

test('a cause may be anything', () => {
  expect(toFailure(new Error('x', { cause: 'y' })).cause).toMatchObject({ message: 'y' });
  expect(toFailure(new Error('x', { cause: null }))).not.toHaveProperty('cause');
  expect(toFailure(new Error('x', { cause: new Proxy({}, hostile) })).cause).toMatchObject({
    message: NO_MESSAGE,
  });
});

test('is of bounded size, whatever was thrown', () => {
  const long = 'm'.repeat(1024 * 1024);
  const thrown = { message: long, stack: long, name: long, code: long, details: long, cause: long };
  const failure = toFailure({ ...thrown, cause: thrown });
  for (const text of [failure.message, failure.stack, failure.name, failure.code])
    expect(text).toBe(`${'m'.repeat(LONGEST - 1)}…`);
  expect(failure).not.toHaveProperty('details');
  expect(toFailure(long).message).toHaveLength(LONGEST);
  expect(toFailure({ long }).message).toHaveLength(LONGEST);
  expect(JSON.stringify(failure).length).toBeLessThan(100_000);
});

test('the longest message is kept whole, and a longer one marked', () => {
  const longest = 'm'.repeat(LONGEST);
  expect(toFailure(longest).message).toBe(longest);
  expect(toFailure(`${longest}m`).message).toBe(`${longest.slice(1)}…`);
});

test.each([
  ['a cycle', Object.assign([] as unknown[], { 0: 0 }), true],
  ['a BigInt', { n: 1n }, false],
  ['a function', () => 1, false],
  ['a toJSON that throws', { toJSON: refuse }, false],
  ['a proxy whose traps throw', new Proxy({}, hostile), false],
  ['a Date', { at: new Date(0) }, true],
])('details that hold %s are plain JSON or left out', (what, details, kept) => {
  if (what === 'a cycle') (details as unknown[])[0] = details;
  const failure = toFailure(Object.assign(new Error('x'), { details }));
  expect('details' in failure).toBe(kept && what !== 'a cycle');
  expect(JSON.parse(JSON.stringify(failure))).toEqual(failure);
});

test('every failure survives the wire as it is', () => {
  for (const thrown of [
    new Error('x', { cause: 'y' }),
    'a',
    null,
    { details: [1, null] },
    '\ud800',
  ])
    expect(JSON.parse(JSON.stringify(toFailure(thrown)))).toEqual(toFailure(thrown));
});
