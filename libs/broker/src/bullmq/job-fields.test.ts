import { expect, test } from 'vitest';
import { isIntact, isReadable, mended, mendingOf, standIn } from './job-fields.js';

const GOOD = {
  name: 'echo',
  data: '"x"',
  opts: '{"attempts":3}',
  timestamp: '1',
  atm: '0',
  ats: '1',
  progress: '0',
};

const fieldsOf = (given: Readonly<Record<string, string>>): string[] =>
  Object.entries(given).flat();

test('a job that BullMQ wrote is left alone', () => {
  expect(isIntact(fieldsOf(GOOD))).toBe(true);
  expect(isIntact(fieldsOf({ name: 'a', data: '{}' }))).toBe(true);
  expect(isIntact(fieldsOf({ ...GOOD, opts: '{"repeat":{"every":9}}' }))).toBe(true);
  expect(isIntact(fieldsOf({ name: 'a', data: '{broken', opts: '' }))).toBe(true);
});

test.each([
  [{ opts: '{broken' }],
  [{ opts: 'null' }],
  [{ opts: '[]' }],
  [{ opts: '7' }],
  [{ progress: '{' }],
  [{ name: '' }],
  [{ data: '' }],
])('%j cannot be read: a stand-in of it becomes a dead letter', (wrong) => {
  const fields = fieldsOf({ ...GOOD, ...wrong });
  expect(isIntact(fields)).toBe(false);
  expect(isReadable(fields)).toBe(false);
  const stand = standIn(fields);
  expect(stand).toEqual(expect.arrayContaining(['data', '{', 'timestamp', '1']));
  expect(stand).not.toContain('opts');
});

test.each([
  [{ atm: 'x' }, { atm: '0' }],
  [
    { ats: '-1', stc: '1.5' },
    { ats: '0', stc: '0' },
  ],
  [{ atm: '9'.repeat(16) }, { atm: '0' }],
  [{ ats: '9223372036854775807' }, { ats: '0' }],
  [{ stc: '007' }, { stc: '0' }],
  [{ parent: '{"id":"1","queueKey":"bull:a","fpof":true}' }, { parent: undefined }],
  [{ parentKey: 'bull:a:1' }, { parentKey: undefined }],
  [{ rjk: 'x', opts: '{"repeat":{"every":9}}' }, { rjk: undefined }],
  [
    { rjk: 'x', stc: 'x', parent: '{broken' },
    { stc: '0', rjk: undefined, parent: undefined },
  ],
])('%j may stop a script half-way: it is mended to %j, and the job runs', (wrong, mending) => {
  const fields = fieldsOf({ ...GOOD, ...wrong });
  expect(isIntact(fields)).toBe(false);
  expect(isReadable(fields)).toBe(true);
  expect(mendingOf(fields)).toEqual(mending);
  expect(isIntact(mended(fields, mendingOf(fields)))).toBe(true);
});

test('what is left of a job that is gone gets a name, so that it can be a dead letter', () => {
  const ghost = fieldsOf({ processedOn: '1', pb: 'w', ats: '1' });
  expect(isIntact(ghost)).toBe(false);
  expect(mendingOf(ghost)).toEqual({ name: '' });
  expect(mendingOf(fieldsOf(GOOD))).toEqual({});
});

test('good options are known again, bad ones never', () => {
  const good = fieldsOf(GOOD);
  const bad = fieldsOf({ ...GOOD, opts: '{"attempts":3' });
  expect([good, bad, good, bad].map(isIntact)).toEqual([true, false, true, false]);
});
