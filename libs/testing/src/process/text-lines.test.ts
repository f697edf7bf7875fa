import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { TextLines } from './text-lines.js';

test('tells whole lines, whatever the chunks, and the last one at the end', async () => {
  const stream = new PassThrough();
  const told: string[] = [];
  const lines = new TextLines(stream, (line) => told.push(line));
  for (const chunk of ['on', 'e\ntw', 'o\r\n', '\nthr', 'ee']) stream.write(chunk);
  await new Promise((resolve) => stream.end(resolve).once('end', resolve));
  expect(told).toEqual(['one', 'two', '', 'three']);
  expect(lines.lines).toEqual(told);
  expect(lines.text).toBe('one\ntwo\r\n\nthree');
});
