import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Line, lineBatches } from './line-batches.js';

async function read(chunks: Iterable<Uint8Array>, lines = 3): Promise<(readonly Line[])[]> {
  const batches: (readonly Line[])[] = [];
  for await (const batch of lineBatches(Readable.from(chunks), { lines, name: 'x' }))
    batches.push(batch);
  return batches;
}

test('however a text is cut into chunks, its lines and their numbers are the same', async () => {
  const line = fc.stringMatching(/^[a-zäé😀 \t]{0,5}$/u);
  const run = fc.asyncProperty(
    fc.array(line, { maxLength: 12 }),
    fc.constantFrom('\n', '\r\n'),
    fc.integer({ min: 1, max: 7 }),
    async (texts, end, size) => {
      const bytes = Buffer.from(texts.join(end));
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      const batches = await read(chunks);
      const expected = texts.flatMap((text, at) =>
        text.trim() === '' ? [] : [{ number: at + 1, text: text.trim() }],
      );
      expect(batches.flat()).toEqual(expected);
      expect(batches.every(({ length }) => length > 0 && length <= 3)).toBe(true);
    },
  );
  await fc.assert(run);
});

test('a byte order mark is no part of the first line', async () => {
  const batches = await read([Buffer.from('\ufeff1\n2')]);
  expect(batches.flat()).toEqual([
    { number: 1, text: '1' },
    { number: 2, text: '2' },
  ]);
});

test('a line that has come is given out, though the stream goes on', async () => {
  const stream = new PassThrough();
  const batches = lineBatches(stream, { lines: 100, name: 'x' });
  stream.write('1\n2\n3');
  expect((await batches.next()).value).toEqual([
    { number: 1, text: '1' },
    { number: 2, text: '2' },
  ]);
  stream.end();
  expect((await batches.next()).value).toEqual([{ number: 3, text: '3' }]);
  expect(await batches.next()).toEqual({ value: undefined, done: true });
});

test('what is no UTF-8, and a line without an end, are refused with their line', async () => {
  await expect(read([Buffer.from('a\n'), Buffer.from([0xff, 0xfe])])).rejects.toThrow(
    'x, line 2 or one soon after is no UTF-8',
  );
  const mebibyte = Buffer.alloc(1024 * 1024, 'a');
  await expect(
    read([Buffer.from('a\n'), ...Array.from({ length: 65 }, () => mebibyte)]),
  ).rejects.toThrow('x, line 2 is longer than');
});
