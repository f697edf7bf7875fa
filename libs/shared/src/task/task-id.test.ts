import { expect, test } from 'vitest';
import { newTaskId, parseTaskId, taskIdOfKey } from './task-id.js';

/** Job ids that break a queue of BullMQ's for ever, because its own keys are named so. */
const RESERVED = [
  'active',
  'completed',
  'de',
  'delayed',
  'events',
  'failed',
  'id',
  'limiter',
  'marker',
  'meta',
  'metrics',
  'paused',
  'pc',
  'prioritized',
  'priority',
  'repeat',
  'stalled',
  'stalled-check',
  'wait',
  'waiting-children',
];

const uniqueOf = (id: string): string => parseTaskId(id)?.unique ?? '';
const MANY = 2_000;

test('a new id is its queue and 22 characters, and both come out again', () => {
  const id = newTaskId('images.eu-1_a');
  expect(id).toMatch(/^images\.eu-1_a:[A-Za-z0-9_-]{22}$/);
  expect(parseTaskId(id)).toEqual({
    queue: 'images.eu-1_a',
    unique: id.slice(id.indexOf(':') + 1),
  });
});

test('new ids are all different and rise with time', async () => {
  const ids = Array.from({ length: MANY }, () => newTaskId('default'));
  expect(new Set(ids).size).toBe(MANY);
  const bytesOf = (id: string) => Buffer.from(uniqueOf(id), 'base64url');
  const timeOf = (id: string) => bytesOf(id).readUIntBE(0, 6);
  expect(Math.abs(timeOf(ids[0] ?? '') - Date.now())).toBeLessThan(60_000);
  expect(ids.map(timeOf)).toEqual(ids.map(timeOf).sort((a, b) => a - b));
  // Version 7, variant 2.
  for (const id of ids)
    expect([bytesOf(id).readUInt8(6) >> 4, bytesOf(id).readUInt8(8) >> 6]).toEqual([7, 2]);
});

test('no id is an integer, a reserved name, or holds a colon of its own', () => {
  const news = Array.from({ length: MANY }, () => newTaskId('default'));
  const keyed = [...RESERVED, '', '1', '0:1', 'a'.repeat(10_000)].map((key) =>
    taskIdOfKey('q', key),
  );
  for (const unique of [...news, ...keyed].map(uniqueOf)) {
    expect(unique).toMatch(/^[A-Za-z][A-Za-z0-9_-]{21}$/);
    expect(RESERVED).not.toContain(unique);
  }
});

test('the id of a key is stable, other than that of any other key, and never a new one', () => {
  // A change here sends the same key twice after an upgrade.
  expect(taskIdOfKey('default', 'order-1')).toBe('default:kC6_iIVbSaYwUO4YEBEbTZ');
  const keys = Array.from({ length: MANY }, (_, index) => `key-${index}`);
  expect(new Set(keys.map((key) => taskIdOfKey('q', key))).size).toBe(MANY);
  expect(taskIdOfKey('a', 'k')).not.toBe(taskIdOfKey('b', 'k'));
});

test.each([
  '',
  ':',
  'default',
  'default:',
  `:${'a'.repeat(22)}`,
  `default:${'a'.repeat(21)}`,
  `default:${'a'.repeat(23)}`,
  `default:${'a'.repeat(22)}\n`,
  `default:${'a'.repeat(21)} `,
  `default:${'a'.repeat(21)}/`,
  `default:${'a'.repeat(21)}:`,
  `de:fault:${'a'.repeat(22)}`,
  `Default:${'a'.repeat(22)}`,
  `-q:${'a'.repeat(22)}`,
  `{q}:${'a'.repeat(22)}`,
  `${'q'.repeat(65)}:${'a'.repeat(22)}`,
  `${'q'.repeat(10_000)}:${'a'.repeat(22)}`,
  `q:${'a'.repeat(10_000)}`,
  '../../etc/passwd',
  'q:*',
  undefined,
  null,
  42,
  {},
  [],
  ['default:aaaaaaaaaaaaaaaaaaaaaa'],
  Symbol('id'),
  { toString: () => newTaskId('q') },
])('%# is no task id', (id) => {
  expect(parseTaskId(id)).toBeUndefined();
});

test('the longest queue name has room', () => {
  expect(parseTaskId(newTaskId('q'.repeat(64)))).toMatchObject({ queue: 'q'.repeat(64) });
});
