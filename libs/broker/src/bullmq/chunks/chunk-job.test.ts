import type { Job } from 'bullmq';
import { expect, test } from 'vitest';
import { payloadsOf, toChunkData } from './chunk-job.js';

const ID = `A_-${'x'.repeat(19)}`;

const jobOf = (data: unknown, opts: object, id = ID): Job => ({ id, data, opts }) as unknown as Job;

test('the payloads of a chunk come back as they were, by index', () => {
  const payloads = [{ a: 1 }, 'x\ny', null, [], 0];
  const data = toChunkData(payloads.map((payload) => JSON.stringify(payload)));
  expect(data.split('\n')).toEqual(['[', '{"a":1},', '"x\\ny",', 'null,', '[],', '0', ']']);
  expect(payloadsOf(jobOf(JSON.parse(data), { c: 5 }))).toEqual(payloads);
});

const NO_CHUNKS: [what: string, data: unknown, opts: object, id: string][] = [
  ['a plain task', ['a'], {}, ID],
  ['another number of payloads', ['a', 'b'], { c: 3 }, ID],
  ['a number that is none', ['a'], { c: '1' }, ID],
  ['none at all', [], { c: 0 }, ID],
  ['no list', { length: 2 }, { c: 2 }, ID],
  ['text', 'ab', { c: 2 }, ID],
  ['the id of a foreign job', ['a', 'b'], { c: 2 }, '1'],
  ['the id of a task that left its chunk', ['a', 'b'], { c: 2 }, `${ID}.1`],
  ['no id', ['a', 'b'], { c: 2 }, ''],
];

test.each(NO_CHUNKS)(
  'what is no chunk of goflow’s is a plain task, whatever its options say: %s',
  (_, ...job) => {
    expect(payloadsOf(jobOf(...job))).toBeUndefined();
  },
);
